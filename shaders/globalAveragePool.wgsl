// Mean over the pixels of every plane, NCHW:  y[n,c] = sum over p of x[n,c,p] / PIXELS
// One workgroup: one plane. Invocation t sums the pixels t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · channels
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [PLANES, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [PLANES]
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = group.y * groups.x + group.x;
  if (plane >= sizes.PLANES) { return; }
  var sum = 0.0;
  for (var p = local; p < sizes.PIXELS; p += WORKGROUP) { sum += x[plane * sizes.PIXELS + p]; }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { y[plane] = partial[0] / f32(sizes.PIXELS); }
}
