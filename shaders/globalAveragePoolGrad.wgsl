// Gradient of the global average pool:  dx[n,c,p] = dy[n,c] / PIXELS. One invocation: one element.

override WORKGROUP: u32;

struct Sizes {
  PIXELS: u32,
  LENGTH: u32, // planes · PIXELS
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;       // [planes]
@group(0) @binding(1) var<storage, read_write> dx: array<f32>; // [planes, PIXELS]
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.LENGTH) { dx[i] = dy[i / sizes.PIXELS] / f32(sizes.PIXELS); }
}
