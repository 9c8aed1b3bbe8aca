// Gradients of batch normalisation in one dispatch, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   dgamma = sum(dz · x̂)   dbeta = sum(dz)   over samples and pixels, M = BATCH · PIXELS of them
//   frozen statistics:  dx = gamma / sqrt(variance + EPSILON) · dz
//   batch statistics:   dx = gamma / sqrt(variance + EPSILON) · (dz − dbeta / M − x̂ · dgamma / M)
// One unit: one channel of one of LEVELS segments of the pixels. The gradient of what fills the planes up is zero. A lane takes the pixels lane, lane + lanes, … of every sample and leaves dz in dx, which it then
// finishes: a store costs less than a second exponential. It sums BLOCK pixels apart, then planes, then samples.

override EPSILON: f32;
override SWISH: bool;
override FROZEN: bool;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
  LEVELS: u32,
  END0: u32,
  END1: u32,
  END2: u32,
  END3: u32,
  END4: u32,
  END5: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;            // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;           // as x
@group(0) @binding(2) var<storage, read> mean: array<f32>;         // [LEVELS, CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>;     // [LEVELS, CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;        // [LEVELS, CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;         // [LEVELS, CHANNELS]
@group(0) @binding(6) var<storage, read_write> dgamma: array<f32>; // [LEVELS, CHANNELS]
@group(0) @binding(7) var<storage, read_write> dbeta: array<f32>;  // [LEVELS, CHANNELS]
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;     // as x
@group(0) @binding(9) var<uniform> sizes: Sizes;

// Rounding grows with BLOCK and with the number of blocks, not with their product.
const BLOCK = 16u;

fn work(unit: u32, lane: u32, lanes: u32) {
  if (unit >= sizes.LEVELS * sizes.CHANNELS) { return; }
  let channel = unit % sizes.CHANNELS;
  let segment = segmentOf(unit / sizes.CHANNELS);
  let pixels = segment.end - segment.start;
  let last = unit / sizes.CHANNELS == sizes.LEVELS - 1u;
  let center = mean[unit];
  let inverse = inverseSqrt(variance[unit] + EPSILON);
  let factor = gamma[unit];
  let shift = beta[unit];
  let slope = factor * inverse;
  var sums = vec4f(); // dz · x̂, dz
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS + segment.start;
    var planeSums = vec4f();
    for (var start = 0u; start < pixels; start += BLOCK * lanes) {
      let end = plane + min(start + BLOCK * lanes, pixels);
      var block = vec4f();
      for (var p = plane + start + lane; p < end; p += lanes) {
        let normalized = (x[p] - center) * inverse;
        var dz = dy[p];
        if (SWISH) {
          let z = factor * normalized + shift;
          let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
          dz *= s * (1.0 + z * (1.0 - s));
        }
        block += vec4f(dz * normalized, dz, 0.0, 0.0);
        if (FROZEN) { dx[p] = slope * dz; } else if (SWISH) { dx[p] = dz; }
      }
      planeSums += block;
    }
    sums += planeSums;
    if (last) {
      let filling = (n * sizes.CHANNELS + channel + 1u) * sizes.PIXELS;
      for (var p = plane + pixels + lane; p < filling; p += lanes) { dx[p] = 0.0; }
    }
  }
  let totals = sumOverLanes(sums, lane);
  if (lane == 0u) {
    dgamma[unit] = totals.x;
    dbeta[unit] = totals.y;
  }
  if (FROZEN) { return; }
  let shares = totals / f32(sizes.BATCH * pixels);
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS + segment.start;
    for (var p = plane + lane; p < plane + pixels; p += lanes) {
      var dz = 0.0;
      if (SWISH) { dz = dx[p]; } else { dz = dy[p]; }
      dx[p] = slope * (dz - shares.y - (x[p] - center) * inverse * shares.x);
    }
  }
}
