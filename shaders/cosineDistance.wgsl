// Mean cosine distance of two feature maps over samples and pixels, NCHW, in GROUPS partial sums that sumLeading adds:
//   loss = mean over (n,p) of 1 − a·b / (max(|a|, ε) · max(|b|, ε))     the vectors run over channels, ε = 1e-8
// One workgroup: CHUNK consecutive (n,p). Invocation t sums the locations t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

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

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let end = min((group.x + 1u) * sizes.CHUNK, sizes.LOCATIONS);
  var sum = 0.0;
  for (var i = group.x * sizes.CHUNK + local; i < end; i += WORKGROUP) {
    let start = i / sizes.PIXELS * sizes.CHANNELS * sizes.PIXELS + i % sizes.PIXELS;
    var products = vec3f(); // a·b, a·a, b·b
    for (var c = 0u; c < sizes.CHANNELS; c++) {
      let pair = vec2f(a[start + c * sizes.PIXELS], b[start + c * sizes.PIXELS]);
      products += vec3f(pair.x * pair.y, pair.x * pair.x, pair.y * pair.y);
    }
    sum += 1.0 - products.x / (max(sqrt(products.y), 1e-8) * max(sqrt(products.z), 1e-8));
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { loss[group.x] = partial[0] / f32(sizes.LOCATIONS); }
}
