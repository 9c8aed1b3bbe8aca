// Gradient of focalLoss with respect to the logits; t, z, u as there:
//   dloss/dz = (t ? ALPHA : 1 − ALPHA) · u^GAMMA · (GAMMA · (1 − u) · (softplus(z) − SMOOTHING / 2 · z) + u − SMOOTHING / 2) / normalizer
//   dlogit = upstream of the chunk · (t ? −1 : 1) · dloss/dz
// One invocation: one logit.

override ALPHA: f32;
override GAMMA: f32;
override SMOOTHING: f32;
override WORKGROUP: u32;

struct Sizes {
  CLASSES: u32,
  CHANNELS: u32,
  PIXELS: u32,
  LENGTH: u32,
  ANCHORS: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> classTargets: array<i32>;  // [batch, ANCHORS]
@group(0) @binding(2) var<storage, read> normalizer: array<f32>;    // [1]
@group(0) @binding(3) var<storage, read> upstream: array<f32>;      // [GROUPS]
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

fn softplus(z: f32) -> f32 {
  let e = exp(-abs(z));
  return max(z, 0.0) + select(log(1.0 + e), e * (1.0 - e * (0.5 - e / 3.0)), e < 0.01);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let channel = i / sizes.PIXELS % sizes.CHANNELS;
  let anchor = i % sizes.PIXELS * (sizes.CHANNELS / sizes.CLASSES) + channel / sizes.CLASSES;
  if (anchor >= sizes.ANCHORS) { dlogits[i] = 0.0; return; } // filling of the packed levels
  let target_ = classTargets[i / (sizes.CHANNELS * sizes.PIXELS) * sizes.ANCHORS + anchor];
  let positive = target_ == i32(channel % sizes.CLASSES);
  let z = select(logits[i], -logits[i], positive);
  let u = exp(-softplus(-z));
  let weight = select(1.0 - ALPHA, -ALPHA, positive) * exp(-GAMMA * softplus(-z));
  let entropy = softplus(z);
  // exp(−softplus(z)) is 1 − u without its cancellation where u is near 1.
  let slope = GAMMA * exp(-entropy) * (entropy - 0.5 * SMOOTHING * z) + u - 0.5 * SMOOTHING;
  dlogits[i] = select(upstream[i / sizes.CHUNK] * weight * slope / normalizer[0], 0.0, target_ == -2);
}
