// Means of the planes of an activated batch normalisation with given statistics, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]   y[n,c] = sum of (SWISH ? z · sigmoid(z) : z) / PIXELS
// One unit: one plane. A lane sums the pixels lane, lane + lanes, …, BLOCK of them apart.

override EPSILON: f32;
override SWISH: bool;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;     // [CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>; // [CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;    // [CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;     // [CHANNELS]
@group(0) @binding(5) var<storage, read_write> y: array<f32>;  // [batch, CHANNELS]
@group(0) @binding(6) var<uniform> sizes: Sizes;

// Rounding grows with BLOCK and with the number of blocks, not with their product.
const BLOCK = 16u;

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.PLANES) { return; }
  let channel = plane % sizes.CHANNELS;
  let center = mean[channel];
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  let shift = beta[channel];
  var sum = 0.0;
  for (var start = 0u; start < sizes.PIXELS; start += BLOCK * lanes) {
    let end = plane * sizes.PIXELS + min(start + BLOCK * lanes, sizes.PIXELS);
    var block = 0.0;
    for (var p = plane * sizes.PIXELS + start + lane; p < end; p += lanes) {
      var z = slope * (x[p] - center) + shift;
      if (SWISH) { z /= 1.0 + exp(min(-z, 80.0)); }
      block += z;
    }
    sum += block;
  }
  let total = sumOverLanes(vec4f(sum, 0.0, 0.0, 0.0), lane).x;
  if (lane == 0u) { y[plane] = total / f32(sizes.PIXELS); }
}
