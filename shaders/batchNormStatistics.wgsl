// Mean and biased variance of every channel over samples and pixels, NCHW, and the running statistics' update:
//   mean[c] = sum(x) / M      variance[c] = sum((x − mean)²) / M      M = BATCH · PIXELS
//   runningMean += MOMENTUM · (mean − runningMean)      runningVariance likewise with the unbiased variance · M / (M − 1)
// Two passes, so that a large mean cancels nothing. One workgroup: one channel. Invocation t sums the pixels t,
// t + WORKGROUP, … of every sample; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

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

var<workgroup> partial: array<f32, WORKGROUP>;

fn sumOverWorkgroup(local: u32, value: f32) -> f32 {
  partial[local] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let count = f32(sizes.BATCH * sizes.PIXELS);
  var sum = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    for (var p = local; p < sizes.PIXELS; p += WORKGROUP) { sum += x[plane + p]; }
  }
  let center = sumOverWorkgroup(local, sum) / count;
  var squares = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    for (var p = local; p < sizes.PIXELS; p += WORKGROUP) {
      let difference = x[plane + p] - center;
      squares += difference * difference;
    }
  }
  let spread = sumOverWorkgroup(local, squares) / count;
  if (local == 0u) {
    mean[channel] = center;
    variance[channel] = spread;
    let unbiased = spread * count / max(count - 1.0, 1.0);
    runningMean[channel] += MOMENTUM * (center - runningMean[channel]);
    runningVariance[channel] += MOMENTUM * (unbiased - runningVariance[channel]);
  }
}
