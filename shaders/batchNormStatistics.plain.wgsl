// Mean and biased variance of every channel over samples and pixels, NCHW, and the running statistics' update:
//   mean[c] = sum(x) / M      variance[c] = sum((x − mean)²) / M      M = BATCH · PIXELS
//   runningMean += MOMENTUM · (mean − runningMean)      runningVariance likewise with the unbiased variance · M / (M − 1)
// Two passes, so that a large mean cancels nothing. The plain rung, without barriers, which software would run as
// coroutines. One invocation: one channel, in order, each BLOCK of a sample's pixels summed apart and then added, so that
// rounding grows with BLOCK + M / BLOCK.

override BATCH: u32;
override CHANNELS: u32;
override PIXELS: u32;
override MOMENTUM: f32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;                     // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;            // [CHANNELS]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;        // [CHANNELS]
@group(0) @binding(3) var<storage, read_write> runningMean: array<f32>;     // [CHANNELS]
@group(0) @binding(4) var<storage, read_write> runningVariance: array<f32>; // [CHANNELS]

const BLOCK = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= CHANNELS) { return; }
  let count = f32(BATCH * PIXELS);
  var sum = 0.0;
  for (var n = 0u; n < BATCH; n++) {
    let plane = (n * CHANNELS + channel) * PIXELS;
    for (var start = 0u; start < PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, PIXELS);
      var block = 0.0;
      for (var p = start; p < end; p++) { block += x[plane + p]; }
      sum += block;
    }
  }
  let center = sum / count;
  var squares = 0.0;
  for (var n = 0u; n < BATCH; n++) {
    let plane = (n * CHANNELS + channel) * PIXELS;
    for (var start = 0u; start < PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, PIXELS);
      var block = 0.0;
      for (var p = start; p < end; p++) {
        let difference = x[plane + p] - center;
        block += difference * difference;
      }
      squares += block;
    }
  }
  let spread = squares / count;
  mean[channel] = center;
  variance[channel] = spread;
  let unbiased = spread * count / max(count - 1.0, 1.0);
  runningMean[channel] += MOMENTUM * (center - runningMean[channel]);
  runningVariance[channel] += MOMENTUM * (unbiased - runningVariance[channel]);
}
