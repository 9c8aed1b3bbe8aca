// Mean and biased variance of every channel from the moments of its planes, and the running statistics' update:
//   mean[c] = sum over n of mean[n,c] / BATCH
//   variance[c] = (sum over n of squares[n,c] + PIXELS · (mean[n,c] − mean[c])²) / M      M = BATCH · PIXELS
//   runningMean += MOMENTUM · (mean − runningMean)      runningVariance likewise with the unbiased variance · M / (M − 1)
// The second of two stages. One invocation: one channel, samples in order.

override MOMENTUM: f32;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> moments: array<vec2f>;             // [BATCH, CHANNELS]: mean, squares
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;            // [CHANNELS]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;        // [CHANNELS]
@group(0) @binding(3) var<storage, read_write> runningMean: array<f32>;     // [CHANNELS]
@group(0) @binding(4) var<storage, read_write> runningVariance: array<f32>; // [CHANNELS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= sizes.CHANNELS) { return; }
  var sum = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) { sum += moments[n * sizes.CHANNELS + channel].x; }
  let center = sum / f32(sizes.BATCH);
  var squares = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = moments[n * sizes.CHANNELS + channel];
    let offset = plane.x - center;
    squares += plane.y + f32(sizes.PIXELS) * offset * offset;
  }
  let count = f32(sizes.BATCH * sizes.PIXELS);
  mean[channel] = center;
  variance[channel] = squares / count;
  let unbiased = squares / max(count - 1.0, 1.0);
  runningMean[channel] += MOMENTUM * (center - runningMean[channel]);
  runningVariance[channel] += MOMENTUM * (unbiased - runningVariance[channel]);
}
