// The number of matched anchors of the whole batch + 1, which both losses divide by: finite without any lesion.
// The plain rung, without barriers, which software would run as coroutines. One invocation counts all anchors, four at a
// time.

override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32, // batch · anchors
}

@group(0) @binding(0) var<storage, read> matches: array<vec4i>;       // [LENGTH], −1: no match
@group(0) @binding(1) var<storage, read_write> normalizer: array<f32>; // [1]
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  if (local > 0u) { return; }
  var counts = vec4u();
  for (var quad = 0u; quad < sizes.LENGTH / 4u; quad++) { counts += select(vec4u(), vec4u(1u), matches[quad] >= vec4i()); }
  for (var lane = 0u; lane < sizes.LENGTH % 4u; lane++) { counts.x += select(0u, 1u, matches[sizes.LENGTH / 4u][lane] >= 0); }
  normalizer[0] = f32(counts.x + counts.y + counts.z + counts.w + 1u);
}
