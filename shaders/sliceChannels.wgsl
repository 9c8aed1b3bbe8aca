// A run of channels, NCHW: the SIZE elements from START of every sample of TOTAL. One invocation: one element of y.

override TOTAL: u32;
override START: u32;
override SIZE: u32;
override LENGTH: u32; // batch · SIZE
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < LENGTH) { y[i] = x[i / SIZE * TOTAL + START + i % SIZE]; }
}
