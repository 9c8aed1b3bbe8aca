// Mean and biased variance of every channel over samples and pixels, NCHW, and the running statistics' update:
//   mean[c] = sum(x) / M      variance[c] = sum((x − mean)²) / M      M = BATCH · PIXELS
//   runningMean += MOMENTUM · (mean − runningMean)      runningVariance likewise with the unbiased variance · M / (M − 1)
// Two passes, so that a large mean cancels nothing. The plain rung, without barriers, which software would run as
// coroutines. One invocation: one channel, in order; each BLOCK of pixels is summed apart, then added to its plane's
// sum and that to the channel's, so that rounding grows with BLOCK + PIXELS / BLOCK + BATCH.

override MOMENTUM: f32;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;                     // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;            // [CHANNELS]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;        // [CHANNELS]
@group(0) @binding(3) var<storage, read_write> runningMean: array<f32>;     // [CHANNELS]
@group(0) @binding(4) var<storage, read_write> runningVariance: array<f32>; // [CHANNELS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= sizes.CHANNELS) { return; }
  let count = f32(sizes.BATCH * sizes.PIXELS);
  var sum = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    var planeSum = 0.0;
    for (var start = 0u; start < sizes.PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, sizes.PIXELS);
      var block = 0.0;
      for (var p = start; p < end; p++) { block += x[plane + p]; }
      planeSum += block;
    }
    sum += planeSum;
  }
  let center = sum / count;
  var squares = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    var planeSquares = 0.0;
    for (var start = 0u; start < sizes.PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, sizes.PIXELS);
      var block = 0.0;
      for (var p = start; p < end; p++) {
        let difference = x[plane + p] - center;
        block += difference * difference;
      }
      planeSquares += block;
    }
    squares += planeSquares;
  }
  let spread = squares / count;
  mean[channel] = center;
  variance[channel] = spread;
  let unbiased = spread * count / max(count - 1.0, 1.0);
  runningMean[channel] += MOMENTUM * (center - runningMean[channel]);
  runningVariance[channel] += MOMENTUM * (unbiased - runningVariance[channel]);
}
