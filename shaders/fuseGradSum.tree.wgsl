// The rung for GPUs: one workgroup sums CHUNK consecutive elements. Invocation t takes the elements t, t + WORKGROUP, … of
// the chunk; then a tree. Its barriers cost software dearly, which takes the plain rung.

var<workgroup> partial: array<vec3f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let pixels = sizes.HEIGHT * sizes.WIDTH;
  let w = positiveWeights();
  let end = min((group.x + 1u) * sizes.CHUNK, sizes.PLANES * pixels);
  var sums = vec3f();
  for (var i = group.x * sizes.CHUNK + local; i < end; i += WORKGROUP) {
    sums += element(i, i / pixels, vec2u(i / sizes.WIDTH % sizes.HEIGHT, i % sizes.WIDTH), w);
  }
  partial[local] = sums;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { writeSums(group.x, partial[0], w); }
}
