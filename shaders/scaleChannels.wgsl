// Every plane times its gate, NCHW:  y[n,c,p] = x[n,c,p] · gate[n,c]. One invocation: one element.

override PIXELS: u32;
override LENGTH: u32; // planes · PIXELS
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [planes, PIXELS]
@group(0) @binding(1) var<storage, read> gate: array<f32>;    // [planes]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [planes, PIXELS]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < LENGTH) { y[i] = x[i] * gate[i / PIXELS]; }
}
