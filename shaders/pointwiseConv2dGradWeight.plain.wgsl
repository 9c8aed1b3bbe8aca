// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order. sumLeading adds the chunks. The plain rung: one invocation,
// one element of the weight and one chunk, summed in order.

override WORKGROUP: u32;

struct Sizes {
  IN: u32,
  OUT: u32,
  PIXELS: u32,
  TOTAL: u32, // batch · PIXELS
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [batch, IN, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // [batch, OUT, PIXELS]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, OUT, IN]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let element = id.x;
  if (element >= sizes.OUT * sizes.IN) { return; }
  let output = element / sizes.IN;
  let input = element % sizes.IN;
  let start = id.y * sizes.CHUNK;
  var sum = 0.0;
  for (var k = start; k < min(start + sizes.CHUNK, sizes.TOTAL); k++) {
    let sample = k / sizes.PIXELS;
    let pixel = k % sizes.PIXELS;
    sum += dy[(sample * sizes.OUT + output) * sizes.PIXELS + pixel] * x[(sample * sizes.IN + input) * sizes.PIXELS + pixel];
  }
  partial[id.y * sizes.OUT * sizes.IN + element] = sum;
}
