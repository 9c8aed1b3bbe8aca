// Gradient of batch normalisation with respect to x, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   frozen statistics:  dx = gamma / sqrt(variance + EPSILON) · dz
//   batch statistics:   dx = gamma / sqrt(variance + EPSILON) · (dz − dbeta / M − x̂ · dgamma / M)   M = batch · PIXELS
// One invocation: one element.

override CHANNELS: u32;
override PIXELS: u32;
override LENGTH: u32; // batch · CHANNELS · PIXELS
override EPSILON: f32;
override SWISH: bool;
override FROZEN: bool;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> mean: array<f32>;     // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>; // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;    // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;     // [CHANNELS]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;   // [CHANNELS]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;    // [CHANNELS]
@group(0) @binding(8) var<storage, read_write> dx: array<f32>; // [batch, CHANNELS, PIXELS]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= LENGTH) { return; }
  let c = i / PIXELS % CHANNELS;
  let inverse = inverseSqrt(variance[c] + EPSILON);
  let normalized = (x[i] - mean[c]) * inverse;
  var dz = dy[i];
  if (SWISH) {
    let z = gamma[c] * normalized + beta[c];
    let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
    dz *= s * (1.0 + z * (1.0 - s));
  }
  if (!FROZEN) {
    let count = f32(LENGTH / CHANNELS);
    dz -= (dbeta[c] + normalized * dgamma[c]) / count;
  }
  dx[i] = gamma[c] * inverse * dz;
}
