// Batch norms with given statistics as slopes and offsets, so that the convolution in front of one applies it:
//   slope = gamma / sqrt(variance + epsilon)      offset = beta − mean · slope
// One invocation: one channel, whose four numbers lie anywhere in two flat arrays.

override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
}

@group(0) @binding(0) var<storage, read> parameters: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> sources: array<vec4u>;    // [CHANNELS]: where gamma, beta, mean and variance are
@group(0) @binding(3) var<storage, read> epsilon: array<f32>;      // [CHANNELS]
@group(0) @binding(4) var<storage, read_write> norm: array<vec2f>; // [CHANNELS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= sizes.CHANNELS) { return; }
  let at = sources[channel];
  let slope = parameters[at.x] * inverseSqrt(statistics[at.w] + epsilon[channel]);
  norm[channel] = vec2f(slope, parameters[at.y] - statistics[at.z] * slope);
}
