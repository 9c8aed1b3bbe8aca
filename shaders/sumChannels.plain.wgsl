// Sum over samples and pixels, NCHW:  y[c] = sum over n, p of x[n,c,p], the gradient of a bias.
// The plain rung, without barriers, which software would run as coroutines. One invocation: one channel, in order; each
// BLOCK of pixels is summed apart, then added to its plane's sum and that to the channel's, so that rounding grows with
// BLOCK + PIXELS / BLOCK + BATCH.

override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [CHANNELS]
@group(0) @binding(2) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= sizes.CHANNELS) { return; }
  var sum = 0.0;
  for (var sample = 0u; sample < sizes.BATCH; sample++) {
    let plane = (sample * sizes.CHANNELS + channel) * sizes.PIXELS;
    var planeSum = 0.0;
    for (var start = 0u; start < sizes.PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, sizes.PIXELS);
      var block = 0.0;
      for (var pixel = start; pixel < end; pixel++) { block += x[plane + pixel]; }
      planeSum += block;
    }
    sum += planeSum;
  }
  y[channel] = sum;
}
