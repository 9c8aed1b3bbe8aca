// Gradient of squaredDifference with respect to a:  da = upstream of the chunk · 2 · SCALE · (a − b)
// One invocation: one element.

override SCALE: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> upstream: array<f32>; // [GROUPS]
@group(0) @binding(3) var<storage, read_write> da: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.LENGTH) { da[i] = upstream[i / sizes.CHUNK] * 2.0 * SCALE * (a[i] - b[i]); }
}
