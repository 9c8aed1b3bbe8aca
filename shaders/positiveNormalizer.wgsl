// The number of matched anchors of the whole batch + 1, which both losses divide by: finite without any lesion.
// One workgroup. Invocation t counts the anchors t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one count. Its barriers cost software dearly, which takes the plain rung.

override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32, // batch · anchors
}

@group(0) @binding(0) var<storage, read> matches: array<i32>;         // [LENGTH], −1: no match
@group(0) @binding(1) var<storage, read_write> normalizer: array<f32>; // [1]
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> counts: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  var count = 0u;
  for (var i = local; i < sizes.LENGTH; i += WORKGROUP) { count += select(0u, 1u, matches[i] >= 0); }
  counts[local] = count;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { counts[local] += counts[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { normalizer[0] = f32(counts[0] + 1u); }
}
