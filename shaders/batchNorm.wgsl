// Batch normalisation with given statistics, and what comes after it, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]
//   y = (SWISH ? z · sigmoid(z) : z) · (GATED ? gate[n,c] : 1) + (RESIDUAL ? residual : 0)
// For planes of whole vec4s. One workgroup: a strip of QUADS · WORKGROUP vec4s of one plane, whose values are the same for all
// invocations; invocation t takes the vec4s t, t + WORKGROUP, …

override EPSILON: f32;
override SWISH: bool;
override GATED: bool;
override RESIDUAL: bool;
override WORKGROUP: u32;
override QUADS: u32;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32,
  STRIPS: u32, // of one plane
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;       // [CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>;   // [CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;      // [CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;       // [CHANNELS]
@group(0) @binding(5) var<storage, read> gate: array<f32>;       // [batch, CHANNELS], or anything without GATED
@group(0) @binding(6) var<storage, read> residual: array<vec4f>; // as x, or anything without RESIDUAL
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;  // as x
@group(0) @binding(8) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let strip = group.y * groups.x + group.x;
  let plane = strip / sizes.STRIPS;
  if (plane >= sizes.PLANES) { return; }
  let quads = sizes.PIXELS / 4u;
  let start = strip % sizes.STRIPS * QUADS * WORKGROUP;
  let end = plane * quads + min(start + QUADS * WORKGROUP, quads);
  let first = plane * quads + start + local;
  if (first >= end) { return; }
  let channel = plane % sizes.CHANNELS;
  let center = mean[channel];
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  let shift = beta[channel];
  var factor = 1.0;
  if (GATED) { factor = gate[plane]; }
  for (var i = first; i < end; i += WORKGROUP) {
    var z = slope * (x[i] - center) + shift;
    // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
    if (SWISH) { z /= 1.0 + exp(min(-z, vec4f(80.0))); }
    if (GATED) { z *= factor; }
    if (RESIDUAL) { z += residual[i]; }
    y[i] = z;
  }
}
