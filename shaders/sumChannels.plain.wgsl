// Sum over samples and pixels, NCHW:  y[c] = sum over n, p of x[n,c,p], the gradient of a bias.
// The plain rung, without barriers, which software would run as coroutines. One invocation: one channel, in order, each
// BLOCK of a sample's pixels summed apart and then added, so that rounding grows with BLOCK + BATCH · PIXELS / BLOCK.

override BATCH: u32;
override CHANNELS: u32;
override PIXELS: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [CHANNELS]

const BLOCK = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= CHANNELS) { return; }
  var sum = 0.0;
  for (var sample = 0u; sample < BATCH; sample++) {
    let plane = (sample * CHANNELS + channel) * PIXELS;
    for (var start = 0u; start < PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, PIXELS);
      var block = 0.0;
      for (var pixel = start; pixel < end; pixel++) { block += x[plane + pixel]; }
      sum += block;
    }
  }
  y[channel] = sum;
}
