// Channel concatenation, NCHW:  y[n] = (a[n], b[n]). One invocation: one element of y.

override A: u32;      // elements of one sample of a: channels · pixels
override B: u32;
override LENGTH: u32; // batch · (A + B)
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= LENGTH) { return; }
  let sample = i / (A + B);
  let offset = i % (A + B);
  if (offset < A) { y[i] = a[sample * A + offset]; } else { y[i] = b[sample * B + offset - A]; }
}
