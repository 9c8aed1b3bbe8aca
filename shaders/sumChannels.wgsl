// Sum over samples and pixels, NCHW:  y[c] = sum over n, p of x[n,c,p], the gradient of a bias.
// One workgroup: one channel. Invocation t sums the pixels t, t + WORKGROUP, … of every sample; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [CHANNELS]
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  var sum = 0.0;
  for (var sample = 0u; sample < sizes.BATCH; sample++) {
    for (var pixel = local; pixel < sizes.PIXELS; pixel += WORKGROUP) {
      sum += x[(sample * sizes.CHANNELS + channel) * sizes.PIXELS + pixel];
    }
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { y[channel] = partial[0]; }
}
