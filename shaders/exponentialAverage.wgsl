// Exponential moving average over a flat array:  average += rate[0] · (value − average)     rate = 1 − decay
// One invocation: four elements.

override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> values: array<vec4f>;         // [LENGTH]
@group(0) @binding(1) var<storage, read> rate: array<f32>;             // [1]
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;  // [LENGTH]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  average[i] += rate[0] * (values[i] - average[i]);
}
