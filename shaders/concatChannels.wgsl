// Channel concatenation, NCHW:  y[n] = (a[n], b[n]). One invocation: one element of y.

override WORKGROUP: u32;

struct Sizes {
  A: u32, // elements of one sample of a: channels · pixels
  B: u32,
  LENGTH: u32, // batch · (A + B)
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let sample = i / (sizes.A + sizes.B);
  let offset = i % (sizes.A + sizes.B);
  if (offset < sizes.A) { y[i] = a[sample * sizes.A + offset]; } else { y[i] = b[sample * sizes.B + offset - sizes.A]; }
}
