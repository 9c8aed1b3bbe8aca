// Mean cosine distance of two feature maps over samples and pixels, NCHW, in GROUPS partial sums that sumLeading adds:
//   loss = mean over (n,p) of 1 − a·b / (max(|a|, ε) · max(|b|, ε))     the vectors run over channels, ε = 1e-8
// One workgroup: CHUNK consecutive (n,p). Invocation t sums the locations t, t + WORKGROUP, …; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override CHANNELS: u32;
override PIXELS: u32;
override LOCATIONS: u32; // batch · PIXELS
override CHUNK: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> a: array<f32>;          // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> b: array<f32>;          // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // [GROUPS]

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let end = min((group.x + 1u) * CHUNK, LOCATIONS);
  var sum = 0.0;
  for (var i = group.x * CHUNK + local; i < end; i += WORKGROUP) {
    let start = i / PIXELS * CHANNELS * PIXELS + i % PIXELS;
    var products = vec3f(); // a·b, a·a, b·b
    for (var c = 0u; c < CHANNELS; c++) {
      let pair = vec2f(a[start + c * PIXELS], b[start + c * PIXELS]);
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
  if (local == 0u) { loss[group.x] = partial[0] / f32(LOCATIONS); }
}
