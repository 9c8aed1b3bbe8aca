// Runs of elements side by side:  y[o] = (0, x0[o], x1[o], …, 0)  for each of OUTER rows of TOTAL elements; x_k[o] has SIZE_k,
// with LEAD zeros before them and zeros in what is left of the row. The sizes of inputs that do not count are 0, and their bindings are not read.
// One invocation: one element of y.

override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  TOTAL: u32,
  LEAD: u32,
  SIZE0: u32,
  SIZE1: u32,
  SIZE2: u32,
  SIZE3: u32,
  SIZE4: u32,
  SIZE5: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<f32>;      // [OUTER, SIZE0]
@group(0) @binding(1) var<storage, read> x1: array<f32>;      // [OUTER, SIZE1]
@group(0) @binding(2) var<storage, read> x2: array<f32>;      // [OUTER, SIZE2]
@group(0) @binding(3) var<storage, read> x3: array<f32>;      // [OUTER, SIZE3]
@group(0) @binding(4) var<storage, read> x4: array<f32>;      // [OUTER, SIZE4]
@group(0) @binding(5) var<storage, read> x5: array<f32>;      // [OUTER, SIZE5]
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [OUTER, TOTAL]
@group(0) @binding(7) var<uniform> sizes: Sizes;

fn element(outer: u32, offset: u32) -> f32 {
  if (offset < sizes.LEAD) { return 0.0; }
  var at = offset - sizes.LEAD;
  if (at < sizes.SIZE0) { return x0[outer * sizes.SIZE0 + at]; }
  at -= sizes.SIZE0;
  if (at < sizes.SIZE1) { return x1[outer * sizes.SIZE1 + at]; }
  at -= sizes.SIZE1;
  if (at < sizes.SIZE2) { return x2[outer * sizes.SIZE2 + at]; }
  at -= sizes.SIZE2;
  if (at < sizes.SIZE3) { return x3[outer * sizes.SIZE3 + at]; }
  at -= sizes.SIZE3;
  if (at < sizes.SIZE4) { return x4[outer * sizes.SIZE4 + at]; }
  at -= sizes.SIZE4;
  if (at < sizes.SIZE5) { return x5[outer * sizes.SIZE5 + at]; }
  return 0.0;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i < sizes.OUTER * sizes.TOTAL) { y[i] = element(i / sizes.TOTAL, i % sizes.TOTAL); }
}
