// Focal loss of all pyramid levels from logits (arXiv 1708.02002), in GROUPS partial sums that sumLeading adds:
//   t = 1 where the anchor's target is this class, else 0     z = t ? −logit : logit     u = sigmoid(z) = 1 − p_t
//   loss = (t ? ALPHA : 1 − ALPHA) · u^GAMMA · (softplus(z) − SMOOTHING / 2 · z) / normalizer
// Anchors with target −2 are ignored. One workgroup: CHUNK consecutive logits. Invocation t sums the logits t,
// t + WORKGROUP, … of the chunk; then a tree. Exponents are of negative numbers only, so ±100 stays finite.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override ALPHA: f32;
override GAMMA: f32;
override SMOOTHING: f32;
override WORKGROUP: u32;

struct Sizes {
  CLASSES: u32,
  CHANNELS: u32, // 9 · CLASSES, channel = anchor · CLASSES + class
  PIXELS: u32,
  LENGTH: u32, // batch · CHANNELS · PIXELS
  ANCHORS: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> classTargets: array<i32>; // [batch, ANCHORS], in order level, pixel, anchor
@group(0) @binding(2) var<storage, read> normalizer: array<f32>;   // [1]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;   // [GROUPS]
@group(0) @binding(4) var<uniform> sizes: Sizes;

var<workgroup> partial: array<f32, WORKGROUP>;

fn softplus(z: f32) -> f32 {
  let e = exp(-abs(z));
  // log(1 + e) by its series where 1 + e would round e away.
  return max(z, 0.0) + select(log(1.0 + e), e * (1.0 - e * (0.5 - e / 3.0)), e < 0.01);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let end = min((group.x + 1u) * sizes.CHUNK, sizes.LENGTH);
  var sum = 0.0;
  for (var i = group.x * sizes.CHUNK + local; i < end; i += WORKGROUP) {
    let channel = i / sizes.PIXELS % sizes.CHANNELS;
    let anchor = i % sizes.PIXELS * (sizes.CHANNELS / sizes.CLASSES) + channel / sizes.CLASSES;
    if (anchor >= sizes.ANCHORS) { continue; } // filling of the packed levels
    let target_ = classTargets[i / (sizes.CHANNELS * sizes.PIXELS) * sizes.ANCHORS + anchor];
    if (target_ == -2) { continue; }
    let positive = target_ == i32(channel % sizes.CLASSES);
    let z = select(logits[i], -logits[i], positive);
    let weight = select(1.0 - ALPHA, ALPHA, positive) * exp(-GAMMA * softplus(-z));
    sum += weight * (softplus(z) - 0.5 * SMOOTHING * z);
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { loss[group.x] = partial[0] / normalizer[0]; }
}
