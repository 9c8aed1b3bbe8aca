// Mean cosine distance of two feature maps over samples and pixels, NCHW, in GROUPS partial sums that sumLeading adds:
//   loss = mean over (n,p) of 1 − a·b / (max(|a|, ε) · max(|b|, ε))     the vectors run over channels, ε = 1e-8
// The plain rung, without barriers, which software would run as coroutines. One invocation: CHUNK consecutive (n,p), in
// order; each BLOCK of them is summed apart and then added, so that rounding grows with BLOCK + CHUNK / BLOCK.

override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  PIXELS: u32,
  LOCATIONS: u32, // batch · PIXELS
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;          // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> b: array<f32>;          // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // [GROUPS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index * sizes.CHUNK >= sizes.LOCATIONS) { return; }
  let end = min((index + 1u) * sizes.CHUNK, sizes.LOCATIONS);
  var sum = 0.0;
  for (var first = index * sizes.CHUNK; first < end; first += BLOCK) {
    var block = 0.0;
    for (var i = first; i < min(first + BLOCK, end); i++) {
      let start = i / sizes.PIXELS * sizes.CHANNELS * sizes.PIXELS + i % sizes.PIXELS;
      var products = vec3f(); // a·b, a·a, b·b
      for (var c = 0u; c < sizes.CHANNELS; c++) {
        let pair = vec2f(a[start + c * sizes.PIXELS], b[start + c * sizes.PIXELS]);
        products += vec3f(pair.x * pair.y, pair.x * pair.x, pair.y * pair.y);
      }
      block += 1.0 - products.x / (max(sqrt(products.y), 1e-8) * max(sqrt(products.z), 1e-8));
    }
    sum += block;
  }
  loss[index] = sum / f32(sizes.LOCATIONS);
}
