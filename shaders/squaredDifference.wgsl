// Scaled sum of squared differences, in GROUPS partial sums that sumLeading adds:  SCALE · sum of (a − b)²
// One workgroup: CHUNK consecutive elements. Invocation t sums the elements t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override SCALE: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // [GROUPS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let end = min((group.x + 1u) * sizes.CHUNK, sizes.LENGTH);
  var sum = 0.0;
  for (var i = group.x * sizes.CHUNK + local; i < end; i += WORKGROUP) {
    let difference = a[i] - b[i];
    sum += difference * difference;
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { loss[group.x] = SCALE * partial[0]; }
}
