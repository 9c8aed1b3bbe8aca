// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order. sumLeading adds the chunks. The plain rung: one invocation,
// one element of the weight and one chunk, summed in order.

override IN: u32;
override OUT: u32;
override PIXELS: u32;
override TOTAL: u32; // batch · PIXELS
override CHUNK: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [batch, IN, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // [batch, OUT, PIXELS]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, OUT, IN]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let element = id.x;
  if (element >= OUT * IN) { return; }
  let output = element / IN;
  let input = element % IN;
  let start = id.y * CHUNK;
  var sum = 0.0;
  for (var k = start; k < min(start + CHUNK, TOTAL); k++) {
    let sample = k / PIXELS;
    let pixel = k % PIXELS;
    sum += dy[(sample * OUT + output) * PIXELS + pixel] * x[(sample * IN + input) * PIXELS + pixel];
  }
  partial[id.y * OUT * IN + element] = sum;
}
