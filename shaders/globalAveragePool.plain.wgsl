// Mean over the pixels of every plane, NCHW:  y[n,c] = sum over p of x[n,c,p] / PIXELS
// The plain rung, without barriers, which software would run as coroutines. One invocation: one plane, in order; each
// BLOCK of pixels is summed apart and then added, so that rounding grows with BLOCK + PIXELS / BLOCK.

override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · channels
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [PLANES, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [PLANES]
@group(0) @binding(2) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (plane >= sizes.PLANES) { return; }
  var sum = 0.0;
  for (var start = 0u; start < sizes.PIXELS; start += BLOCK) {
    let end = min(start + BLOCK, sizes.PIXELS);
    var block = 0.0;
    for (var p = start; p < end; p++) { block += x[plane * sizes.PIXELS + p]; }
    sum += block;
  }
  y[plane] = sum / f32(sizes.PIXELS);
}
