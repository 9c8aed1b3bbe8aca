// Gradient of batch normalisation with respect to x, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   frozen statistics:  dx = gamma / sqrt(variance + EPSILON) · dz
//   batch statistics:   dx = gamma / sqrt(variance + EPSILON) · (dz − dbeta / M − x̂ · dgamma / M)   M = batch · PIXELS
// One invocation: four consecutive elements, of one channel when PIXELS is a multiple of 4.

override CHANNELS: u32;
override PIXELS: u32;
override LENGTH: u32; // batch · CHANNELS · PIXELS
override EPSILON: f32;
override SWISH: bool;
override FROZEN: bool;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;      // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> mean: array<f32>;     // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>; // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;    // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;     // [CHANNELS]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;   // [CHANNELS]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;    // [CHANNELS]
@group(0) @binding(8) var<storage, read_write> dx: array<vec4f>; // [batch, CHANNELS, PIXELS]

fn channelGradient(c: u32, value: vec4f, upstream: vec4f) -> vec4f {
  let inverse = inverseSqrt(variance[c] + EPSILON);
  let normalized = (value - mean[c]) * inverse;
  var dz = upstream;
  if (SWISH) {
    let z = gamma[c] * normalized + beta[c];
    let s = 1.0 / (1.0 + exp(min(-z, vec4f(80.0))));
    dz *= s * (1.0 + z * (1.0 - s));
  }
  if (!FROZEN) { dz -= (dbeta[c] + normalized * dgamma[c]) / f32(LENGTH / CHANNELS); }
  return gamma[c] * inverse * dz;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= LENGTH) { return; }
  var result: vec4f;
  if (PIXELS % 4u == 0u) {
    result = channelGradient(4u * i / PIXELS % CHANNELS, x[i], dy[i]);
  } else {
    for (var k = 0u; k < 4u; k++) {
      let c = (4u * i + k) / PIXELS % CHANNELS;
      result[k] = channelGradient(c, x[i], dy[i])[k];
    }
  }
  dx[i] = select(vec4f(), result, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(LENGTH));
}
