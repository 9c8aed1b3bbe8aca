// Weighted sum of one to three feature maps brought to one size, NCHW (BiFPN's node, arXiv 1911.09070 equation 5):
//   y = f(sum over i of relu(w_i) · r_i(x_i) / S)      S = NORMALIZED ? sum of relu(w_i) + 1e-4 : 1
// f is swish where SWISH, else nothing. r_i leaves a map of the right size alone (mode 0), repeats the nearest pixel of a
// smaller one, index floor(out · in / size) (mode 1), or takes the maximum over 3x3 windows of stride 2 of a larger one,
// pixels outside counting as −∞ (mode 2). Bindings beyond COUNT are not read.
// One invocation: RUN elements of y, WORKGROUP apart, so that neighbours read neighbours and what all elements share is
// read once; inputs are summed in order.

override COUNT: u32;
override NORMALIZED: bool;
override SWISH: bool;
override MODE0: u32;
override MODE1: u32;
override MODE2: u32;
override RUN: u32;
override WORKGROUP: u32;

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

struct Source { mode: u32, size: vec2u, pad: vec2u } // size and pad: rows, columns

// Quotient for n below 2^20: integer division, which CPUs do lane by lane, is not worth its price.
fn divide(n: vec2u, by: vec2u) -> vec2u { return vec2u((vec2f(n) + 0.5) / vec2f(by)); }

// Taps outside are moved to the nearest pixel, which is another tap: no maximum changes, and no branch diverges.
fn resample(x: ptr<storage, array<f32>, read>, source: Source, plane: u32, at: vec2u) -> f32 {
  let start = plane * source.size.x * source.size.y;
  if (source.mode == 0u) { return x[start + at.x * source.size.y + at.y]; }
  if (source.mode == 1u) {
    let from_ = divide(at * source.size, vec2u(sizes.HEIGHT, sizes.WIDTH));
    return x[start + from_.x * source.size.y + from_.y];
  }
  let corner = vec2i(2u * at) - vec2i(source.pad);
  var best = -3.4028234e38;
  for (var u = 0; u < 3; u++) {
    let row = u32(clamp(corner.x + u, 0, i32(source.size.x) - 1));
    for (var v = 0; v < 3; v++) {
      let column = u32(clamp(corner.y + v, 0, i32(source.size.y) - 1));
      best = max(best, x[start + row * source.size.y + column]);
    }
  }
  return best;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP * RUN;
  let width = sizes.WIDTH;
  let pixels = sizes.HEIGHT * width;
  let length = sizes.PLANES * pixels;
  let source0 = Source(MODE0, vec2u(sizes.HEIGHT0, sizes.WIDTH0), vec2u(sizes.PAD_TOP0, sizes.PAD_LEFT0));
  let source1 = Source(MODE1, vec2u(sizes.HEIGHT1, sizes.WIDTH1), vec2u(sizes.PAD_TOP1, sizes.PAD_LEFT1));
  let source2 = Source(MODE2, vec2u(sizes.HEIGHT2, sizes.WIDTH2), vec2u(sizes.PAD_TOP2, sizes.PAD_LEFT2));
  var w = vec3f();
  for (var k = 0u; k < COUNT; k++) { w[k] = max(weights[k], 0.0); }
  let scale = select(1.0, 1.0 / (w.x + w.y + w.z + 1e-4), NORMALIZED);
  for (var k = 0u; k < RUN; k++) {
    let i = first + k * WORKGROUP + local;
    if (i >= length) { return; }
    let offset = first % pixels + i - first;
    let planes = divide(vec2u(offset), vec2u(pixels)).x;
    let pixel = offset - planes * pixels;
    let row = divide(vec2u(pixel), vec2u(width)).x;
    let at = vec2u(row, pixel - row * width);
    let plane = first / pixels + planes;
    var sum = w.x * resample(&x0, source0, plane, at);
    if (COUNT > 1u) { sum += w.y * resample(&x1, source1, plane, at); }
    if (COUNT > 2u) { sum += w.z * resample(&x2, source2, plane, at); }
    let z = scale * sum;
    // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
    y[i] = select(z, z / (1.0 + exp(min(-z, 80.0))), SWISH);
  }
}
