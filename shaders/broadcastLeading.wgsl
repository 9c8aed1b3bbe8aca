// The gradient of sumLeading:  y[s,i] = x[i] for every s. One invocation: one element of y.

override WORKGROUP: u32;

struct Sizes {
  SPLITS: u32,
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [LENGTH]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [SPLITS, LENGTH]
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.SPLITS * sizes.LENGTH) { y[i] = x[i % sizes.LENGTH]; }
}
