// Batch normalisation with given statistics, and what comes after it, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]
//   y = (SWISH ? z · sigmoid(z) : z) · (GATED ? gate[n,c] : 1) + (RESIDUAL ? residual : 0)
// The plain rung, for planes of any size. One invocation: one element.

override EPSILON: f32;
override SWISH: bool;
override GATED: bool;
override RESIDUAL: bool;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;     // [CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>; // [CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;    // [CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;     // [CHANNELS]
@group(0) @binding(5) var<storage, read> gate: array<f32>;     // [batch, CHANNELS], or anything without GATED
@group(0) @binding(6) var<storage, read> residual: array<f32>; // as x, or anything without RESIDUAL
@group(0) @binding(7) var<storage, read_write> y: array<f32>;  // as x
@group(0) @binding(8) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let plane = i / sizes.PIXELS;
  if (plane >= sizes.PLANES) { return; }
  let channel = plane % sizes.CHANNELS;
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  var z = slope * (x[i] - mean[channel]) + beta[channel];
  if (SWISH) { z /= 1.0 + exp(min(-z, 80.0)); }
  if (GATED) { z *= gate[plane]; }
  if (RESIDUAL) { z += residual[i]; }
  y[i] = z;
}
