// A run of elements out of every row:  y[o] = x[o][START … START + SIZE]  for OUTER rows of TOTAL elements. One invocation:
// one element of y.

override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  TOTAL: u32,
  START: u32,
  SIZE: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [OUTER, TOTAL]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [OUTER, SIZE]
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.OUTER * sizes.SIZE) { y[i] = x[i / sizes.SIZE * sizes.TOTAL + sizes.START + i % sizes.SIZE]; }
}
