// Batch normalisation with given statistics, and the activation after it, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]      y = SWISH ? z · sigmoid(z) : z
// One invocation: QUADS times four consecutive elements. Of one channel, when PIXELS is a multiple of 4 · QUADS, its values
// are loaded once for all of them; else QUADS is 1 and every element finds its own.

override EPSILON: f32;
override SWISH: bool;
override QUADS: u32;
override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  PIXELS: u32,
  LENGTH: u32, // batch · CHANNELS · PIXELS
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;       // [CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>;   // [CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;      // [CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;       // [CHANNELS]
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;  // [batch, CHANNELS, PIXELS]
@group(0) @binding(6) var<uniform> sizes: Sizes;

// Slope, centre and shift of a channel: z = slope · (x − centre) + shift.
fn affine(channel: u32) -> vec3f {
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  return vec3f(slope, mean[channel], beta[channel]);
}

fn activate(z: vec4f) -> vec4f {
  return select(z, z / (1.0 + exp(min(-z, vec4f(80.0)))), SWISH);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = ((group.y * groups.x + group.x) * WORKGROUP + local) * QUADS;
  if (4u * i >= sizes.LENGTH) { return; }
  if (sizes.PIXELS % (4u * QUADS) == 0u) {
    let a = affine(4u * i / sizes.PIXELS % sizes.CHANNELS);
    for (var k = i; k < i + QUADS; k++) { y[k] = activate(a.x * (x[k] - a.y) + a.z); }
    return;
  }
  var z: vec4f;
  for (var k = 0u; k < 4u; k++) {
    let a = affine((4u * i + k) / sizes.PIXELS % sizes.CHANNELS);
    z[k] = a.x * (x[i][k] - a.y) + a.z;
  }
  y[i] = select(vec4f(), activate(z), 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH));
}
