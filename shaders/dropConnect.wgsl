// Drop-connect: each sample of the batch is kept, and scaled by 1 / (1 − RATE), or zeroed, as a whole (arXiv 1603.09382).
//   y[n,i] = keep(n) ? x[n,i] / (1 − RATE) : 0     keep(n): the hash of (seed, step, STREAM, n), as a fraction, is ≥ RATE
// The hash is counter-based, so that the same step draws the same masks forwards and backwards and after a resume.
// One invocation: one element.

override RATE: f32;
override WORKGROUP: u32;

struct Sizes {
  SAMPLE: u32, // elements of one sample
  LENGTH: u32, // batch · SAMPLE
  STREAM: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> random: array<u32>; // seed, step
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

// Murmur3's 32-bit finaliser.
fn mix(value: u32) -> u32 {
  var h = value;
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let bits = mix(mix(mix(random[0] ^ 0x9e3779b9u) + random[1]) + sizes.STREAM * 65537u + i / sizes.SAMPLE);
  let fraction = f32(bits >> 8u) / 16777216.0;
  y[i] = select(0.0, x[i] / (1.0 - RATE), fraction >= RATE);
}
