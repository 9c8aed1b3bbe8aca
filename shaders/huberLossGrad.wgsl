// Gradient of huberLoss with respect to the codes:
//   dcode = upstream of the chunk · clamp(code − target, −DELTA, DELTA) / (4 · normalizer) where the target is not exactly 0
// One invocation: one code.

override DELTA: f32;
override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  PIXELS: u32,
  LENGTH: u32,
  ANCHORS: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> codes: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> boxTargets: array<f32>;   // [batch, ANCHORS, 4]
@group(0) @binding(2) var<storage, read> normalizer: array<f32>;   // [1]
@group(0) @binding(3) var<storage, read> upstream: array<f32>;     // [GROUPS]
@group(0) @binding(4) var<storage, read_write> dcodes: array<f32>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let channel = i / sizes.PIXELS % sizes.CHANNELS;
  let anchor = i % sizes.PIXELS * (sizes.CHANNELS / 4u) + channel / 4u;
  if (anchor >= sizes.ANCHORS) { dcodes[i] = 0.0; return; } // filling of the packed levels
  let target_ = boxTargets[(i / (sizes.CHANNELS * sizes.PIXELS) * sizes.ANCHORS + anchor) * 4u + channel % 4u];
  let slope = upstream[i / sizes.CHUNK] * clamp(codes[i] - target_, -DELTA, DELTA) / (4.0 * normalizer[0]);
  dcodes[i] = select(slope, 0.0, target_ == 0.0);
}
