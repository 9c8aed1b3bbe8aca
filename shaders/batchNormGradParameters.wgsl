// Gradients of batch normalisation's gamma and beta, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   dgamma[c] = sum(dz · x̂)   dbeta[c] = sum(dz)   over samples and pixels
// One workgroup: one channel. Invocation t sums the pixels t, t + WORKGROUP, … of every sample; then a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

override EPSILON: f32;
override SWISH: bool;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;            // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;           // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> mean: array<f32>;         // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>;     // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;        // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;         // [CHANNELS]
@group(0) @binding(6) var<storage, read_write> dgamma: array<f32>; // [CHANNELS]
@group(0) @binding(7) var<storage, read_write> dbeta: array<f32>;  // [CHANNELS]
@group(0) @binding(8) var<uniform> sizes: Sizes;

var<workgroup> partial: array<vec2f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let center = mean[channel];
  let inverse = inverseSqrt(variance[channel] + EPSILON);
  var sums = vec2f();
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    for (var p = local; p < sizes.PIXELS; p += WORKGROUP) {
      let normalized = (x[plane + p] - center) * inverse;
      var dz = dy[plane + p];
      if (SWISH) {
        let z = gamma[channel] * normalized + beta[channel];
        let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
        dz *= s * (1.0 + z * (1.0 - s));
      }
      sums += vec2f(dz * normalized, dz);
    }
  }
  partial[local] = sums;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) {
    dgamma[channel] = partial[0].x;
    dbeta[channel] = partial[0].y;
  }
}
