// Where line integrals are those of breast:  y[0] = m · x, y[1] = m, with m = 1 where x > LIMIT, else 0: what a blur that looks at
// the breast alone needs. One invocation: one element.

override LIMIT: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [2, LENGTH]
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let inside = x[i] > LIMIT;
  y[i] = select(0.0, x[i], inside);
  y[sizes.LENGTH + i] = select(0.0, 1.0, inside);
}
