// Mean over the pixels of every plane, NCHW:  y[n,c] = sum over p of x[n,c,p] / PIXELS
// The plain rung, without barriers, which software would run as coroutines. One invocation: one plane, in order, each BLOCK
// of pixels summed apart and then added, so that rounding grows with BLOCK + PIXELS / BLOCK.

override PLANES: u32; // batch · channels
override PIXELS: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [PLANES, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [PLANES]

const BLOCK = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (plane >= PLANES) { return; }
  var sum = 0.0;
  for (var start = 0u; start < PIXELS; start += BLOCK) {
    let end = min(start + BLOCK, PIXELS);
    var block = 0.0;
    for (var p = start; p < end; p++) { block += x[plane * PIXELS + p]; }
    sum += block;
  }
  y[plane] = sum / f32(PIXELS);
}
