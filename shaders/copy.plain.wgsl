// y = x. One invocation: four elements, so that neighbours read neighbours, which is what a GPU's memory likes best.
// The last one copies the padding of its buffer, too.

override WORKGROUP: u32;

struct Sizes {
  VECTORS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.VECTORS) { y[i] = x[i]; }
}
