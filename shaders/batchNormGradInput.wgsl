// Gradient of batch normalisation with respect to x, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   frozen statistics:  dx = gamma / sqrt(variance + EPSILON) · dz
//   batch statistics:   dx = gamma / sqrt(variance + EPSILON) · (dz − dbeta / M − x̂ · dgamma / M)   M = batch · PIXELS
// One invocation: QUADS times four consecutive elements, as in batchNorm.

override EPSILON: f32;
override SWISH: bool;
override FROZEN: bool;
override QUADS: u32;
override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  PIXELS: u32,
  LENGTH: u32, // batch · CHANNELS · PIXELS
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;      // [batch, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> mean: array<f32>;     // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>; // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;    // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;     // [CHANNELS]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;   // [CHANNELS]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;    // [CHANNELS]
@group(0) @binding(8) var<storage, read_write> dx: array<vec4f>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(9) var<uniform> sizes: Sizes;

struct Channel { center: f32, inverse: f32, gamma: f32, beta: f32, meanOfDz: f32, meanOfProduct: f32 }

fn channelAt(c: u32) -> Channel {
  let count = f32(sizes.LENGTH / sizes.CHANNELS);
  let shares = select(vec2f(dbeta[c], dgamma[c]) / count, vec2f(), FROZEN);
  return Channel(mean[c], inverseSqrt(variance[c] + EPSILON), gamma[c], beta[c], shares.x, shares.y);
}

fn gradientAt(c: Channel, value: vec4f, upstream: vec4f) -> vec4f {
  let normalized = (value - c.center) * c.inverse;
  var dz = upstream;
  if (SWISH) {
    let z = c.gamma * normalized + c.beta;
    let s = 1.0 / (1.0 + exp(min(-z, vec4f(80.0))));
    dz *= s * (1.0 + z * (1.0 - s));
  }
  return c.gamma * c.inverse * (dz - c.meanOfDz - normalized * c.meanOfProduct);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = ((group.y * groups.x + group.x) * WORKGROUP + local) * QUADS;
  if (4u * i >= sizes.LENGTH) { return; }
  if (sizes.PIXELS % (4u * QUADS) == 0u) {
    let c = channelAt(4u * i / sizes.PIXELS % sizes.CHANNELS);
    for (var k = i; k < i + QUADS; k++) { dx[k] = gradientAt(c, x[k], dy[k]); }
    return;
  }
  var result: vec4f;
  for (var k = 0u; k < 4u; k++) {
    let c = channelAt((4u * i + k) / sizes.PIXELS % sizes.CHANNELS);
    result[k] = gradientAt(c, x[i], dy[i])[k];
  }
  dx[i] = select(vec4f(), result, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH));
}
