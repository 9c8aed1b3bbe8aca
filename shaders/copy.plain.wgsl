// y = x. One invocation: four elements, so that neighbours read neighbours, which is what a GPU's memory likes best.
// The last one copies the padding of its buffer, too.

override VECTORS: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < VECTORS) { y[i] = x[i]; }
}
