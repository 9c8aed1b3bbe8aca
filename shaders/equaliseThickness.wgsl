// Fills the compressed breast's rounded edge up to the line integral of fat as thick as the paddles are apart, and air too:
//   y = x + max(full − blurred[0] / blurred[1], 0) in the breast, full in air      full = FAT · thickness
// `blurred` is what breastMask gave, blurred: their quotient is the mean over the breast alone. One invocation: one element.

override FAT: f32; // attenuation, 1/mm
override LIMIT: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> blurred: array<f32>; // [2, LENGTH]
@group(0) @binding(2) var<storage, read> frame: array<f32>;   // its first number is the thickness
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let full = FAT * frame[0];
  let lack = full - blurred[i] / blurred[sizes.LENGTH + i];
  y[i] = select(full, x[i] + max(lack, 0.0), x[i] > LIMIT);
}
