// Gradient of huberLoss with respect to the codes:
//   dcode = upstream of the chunk · clamp(code − target, −DELTA, DELTA) / (4 · normalizer) where the target is not exactly 0
// One invocation: one code.

override CHANNELS: u32;
override PIXELS: u32;
override LENGTH: u32;
override ANCHORS: u32;
override LEVEL_OFFSET: u32;
override DELTA: f32;
override CHUNK: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> codes: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> boxTargets: array<f32>;   // [batch, ANCHORS, 4]
@group(0) @binding(2) var<storage, read> normalizer: array<f32>;   // [1]
@group(0) @binding(3) var<storage, read> upstream: array<f32>;     // [GROUPS]
@group(0) @binding(4) var<storage, read_write> dcodes: array<f32>; // [batch, CHANNELS, PIXELS]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= LENGTH) { return; }
  let channel = i / PIXELS % CHANNELS;
  let anchor = LEVEL_OFFSET + i % PIXELS * (CHANNELS / 4u) + channel / 4u;
  let target_ = boxTargets[(i / (CHANNELS * PIXELS) * ANCHORS + anchor) * 4u + channel % 4u];
  let slope = upstream[i / CHUNK] * clamp(codes[i] - target_, -DELTA, DELTA) / (4.0 * normalizer[0]);
  dcodes[i] = select(slope, 0.0, target_ == 0.0);
}
