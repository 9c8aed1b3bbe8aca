// Weighted sum of one to three feature maps brought to one size, NCHW (BiFPN's node, arXiv 1911.09070 equation 5):
//   y = f(sum over i of relu(w_i) · r_i(x_i) / S)      S = NORMALIZED ? sum of relu(w_i) + 1e-4 : 1
// f is swish where SWISH, else nothing. r_i leaves a map of the right size alone (mode 0), repeats the nearest pixel of a
// smaller one, index floor(out · in / size) (mode 1), or takes the maximum over 3x3 windows of stride 2 of a larger one,
// pixels outside counting as −∞ (mode 2). Bindings beyond COUNT are not read.
// Put behind fuseSources.wgsl. One invocation: RUN elements of y, WORKGROUP apart, so that neighbours read neighbours and what all elements share is
// read once; inputs are summed in order.

override SWISH: bool;
override RUN: u32;

struct Sizes {
  PLANES: u32, // batch · channels
  HEIGHT: u32, // at most 1024, as WIDTH
  WIDTH: u32,
  HEIGHT0: u32,
  WIDTH0: u32,
  PAD_TOP0: u32,
  PAD_LEFT0: u32,
  HEIGHT1: u32,
  WIDTH1: u32,
  PAD_TOP1: u32,
  PAD_LEFT1: u32,
  HEIGHT2: u32,
  WIDTH2: u32,
  PAD_TOP2: u32,
  PAD_LEFT2: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<f32>;      // [PLANES, HEIGHT0, WIDTH0]
@group(0) @binding(1) var<storage, read> x1: array<f32>;      // [PLANES, HEIGHT1, WIDTH1]
@group(0) @binding(2) var<storage, read> x2: array<f32>;      // [PLANES, HEIGHT2, WIDTH2]
@group(0) @binding(3) var<storage, read> weights: array<f32>; // [COUNT]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP * RUN;
  let width = sizes.WIDTH;
  let pixels = sizes.HEIGHT * width;
  let length = sizes.PLANES * pixels;
  let w = positiveWeights();
  let scale = 1.0 / totalWeight(w);
  for (var k = 0u; k < RUN; k++) {
    let i = first + k * WORKGROUP + local;
    if (i >= length) { return; }
    let offset = first % pixels + i - first;
    let planes = divide(vec2u(offset), vec2u(pixels)).x;
    let pixel = offset - planes * pixels;
    let row = divide(vec2u(pixel), vec2u(width)).x;
    let at = vec2u(row, pixel - row * width);
    let plane = first / pixels + planes;
    var sum = w.x * resample(&x0, source0(), plane, at).value;
    if (COUNT > 1u) { sum += w.y * resample(&x1, source1(), plane, at).value; }
    if (COUNT > 2u) { sum += w.z * resample(&x2, source2(), plane, at).value; }
    let z = scale * sum;
    // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
    y[i] = select(z, z / (1.0 + exp(min(-z, 80.0))), SWISH);
  }
}
