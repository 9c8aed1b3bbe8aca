// Batch normalisation with given statistics, and the activation after it, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]      y = SWISH ? z · sigmoid(z) : z
// One invocation: four consecutive elements, of one channel when PIXELS is a multiple of 4.

override CHANNELS: u32;
override PIXELS: u32;
override LENGTH: u32; // batch · CHANNELS · PIXELS
override EPSILON: f32;
override SWISH: bool;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;       // [CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>;   // [CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;      // [CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;       // [CHANNELS]
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;  // [batch, CHANNELS, PIXELS]

// Slope and centre of a channel: z = slope · (x − centre) + beta.
fn affine(channel: u32) -> vec2f {
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  return vec2f(slope, mean[channel]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= LENGTH) { return; }
  var z: vec4f;
  if (PIXELS % 4u == 0u) {
    let c = 4u * i / PIXELS % CHANNELS;
    let a = affine(c);
    z = a.x * (x[i] - a.y) + beta[c];
  } else {
    for (var k = 0u; k < 4u; k++) {
      let c = (4u * i + k) / PIXELS % CHANNELS;
      let a = affine(c);
      z[k] = a.x * (x[i][k] - a.y) + beta[c];
    }
  }
  if (SWISH) { z /= 1.0 + exp(min(-z, vec4f(80.0))); }
  y[i] = select(vec4f(), z, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(LENGTH));
}
