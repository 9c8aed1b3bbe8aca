// Batch normalisation by the batch's own statistics in one dispatch, and the activation after it, NCHW:
//   mean = sum(x) / M   variance = sum((x − mean)²) / M   over samples and pixels, M = BATCH · PIXELS
//   z = gamma · (x − mean) / sqrt(variance + EPSILON) + beta   y = (SWISH ? z · sigmoid(z) : z) + (RESIDUAL ? residual : 0)
//   runningMean += MOMENTUM · (mean − runningMean)   runningVariance likewise with the unbiased variance · M / (M − 1)
// With POOL y is not stored; the mean of every plane of it is, [BATCH, CHANNELS].
// One unit: one channel of one of LEVELS segments of the pixels, each of which has statistics, gamma and beta of its own. A
// lane takes the pixels lane, lane + lanes, … of every sample in turn, once for the statistics and once for y; a channel is small
// enough for a cache to hold it in between. What fills the planes up after the last segment becomes zero.

override EPSILON: f32;
override MOMENTUM: f32;
override SWISH: bool;
override RESIDUAL: bool;
override POOL: bool;

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

// @binding(0) x [BATCH, CHANNELS, PIXELS] is declared by moments.wgsl.
@group(0) @binding(1) var<storage, read> gamma: array<f32>;                 // [LEVELS, CHANNELS]
@group(0) @binding(2) var<storage, read> beta: array<f32>;                  // [LEVELS, CHANNELS]
@group(0) @binding(3) var<storage, read> residual: array<f32>;              // as x, or anything without RESIDUAL
@group(0) @binding(4) var<storage, read_write> y: array<f32>;               // as x, or [BATCH, CHANNELS] with POOL
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;            // [LEVELS, CHANNELS]
@group(0) @binding(6) var<storage, read_write> variance: array<f32>;        // [LEVELS, CHANNELS]
@group(0) @binding(7) var<storage, read_write> runningMean: array<f32>;     // [LEVELS, CHANNELS]
@group(0) @binding(8) var<storage, read_write> runningVariance: array<f32>; // [LEVELS, CHANNELS]
@group(0) @binding(9) var<uniform> sizes: Sizes;

fn work(unit: u32, lane: u32, lanes: u32) {
  if (unit >= sizes.LEVELS * sizes.CHANNELS) { return; }
  let channel = unit % sizes.CHANNELS;
  let segment = segmentOf(unit / sizes.CHANNELS);
  let last = unit / sizes.CHANNELS == sizes.LEVELS - 1u;
  var own = Moments();
  for (var n = 0u; n < sizes.BATCH; n++) {
    let start = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    own = addValues(own, start + segment.start, start + segment.end, lane, lanes);
  }
  let moments = joinLanes(own, lane);
  let center = moments.sum / moments.count;
  let spread = moments.squares / moments.count;
  let slope = gamma[unit] * inverseSqrt(spread + EPSILON);
  let shift = beta[unit];
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    var sum = 0.0;
    for (var p = plane + segment.start + lane; p < plane + segment.end; p += lanes) {
      var z = slope * (x[p] - center) + shift;
      // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
      if (SWISH) { z /= 1.0 + exp(min(-z, 80.0)); }
      if (RESIDUAL) { z += residual[p]; }
      if (POOL) { sum += z; } else { y[p] = z; }
    }
    if (POOL) {
      let pooled = sumOverLanes(vec4f(sum, 0.0, 0.0, 0.0), lane).x / f32(sizes.PIXELS);
      if (lane == 0u) { y[n * sizes.CHANNELS + channel] = pooled; }
    } else if (last) {
      for (var p = plane + segment.end + lane; p < plane + sizes.PIXELS; p += lanes) { y[p] = 0.0; }
    }
  }
  if (lane == 0u) {
    let unbiased = moments.squares / max(moments.count - 1.0, 1.0);
    mean[unit] = center;
    variance[unit] = spread;
    runningMean[unit] += MOMENTUM * (center - runningMean[unit]);
    runningVariance[unit] += MOMENTUM * (unbiased - runningVariance[unit]);
  }
}
