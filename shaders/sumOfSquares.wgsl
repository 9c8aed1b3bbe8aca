// Sum of squares in GROUPS partial sums that sumLeading adds:  y[g] = sum of x² over chunk g
// One workgroup: CHUNK consecutive elements. Invocation t sums the elements t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [LENGTH]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [GROUPS]
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let end = min((group.x + 1u) * sizes.CHUNK, sizes.LENGTH);
  var sum = 0.0;
  for (var i = group.x * sizes.CHUNK + local; i < end; i += WORKGROUP) { sum += x[i] * x[i]; }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { y[group.x] = partial[0]; }
}
