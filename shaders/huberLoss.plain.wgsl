// Huber loss of all pyramid levels' box codes, in GROUPS partial sums that sumLeading adds:
//   e = code − target     loss = ½ · min(|e|, DELTA)² + DELTA · (|e| − min(|e|, DELTA)) where the target is not exactly 0,
// divided by 4 · normalizer. The plain rung, without barriers, which software would run as coroutines. One invocation:
// CHUNK consecutive codes, in order; each BLOCK of them is summed apart and then added, so that rounding grows with
// BLOCK + CHUNK / BLOCK.

override DELTA: f32;
override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32, // anchors of a pixel · 4, channel = anchor · 4 + component
  PIXELS: u32,
  LENGTH: u32, // batch · CHANNELS · PIXELS
  ANCHORS: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> codes: array<f32>;      // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> boxTargets: array<f32>; // [batch, ANCHORS, 4]
@group(0) @binding(2) var<storage, read> normalizer: array<f32>; // [1]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>; // [GROUPS]
@group(0) @binding(4) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index * sizes.CHUNK >= sizes.LENGTH) { return; }
  let end = min((index + 1u) * sizes.CHUNK, sizes.LENGTH);
  var sum = 0.0;
  for (var start = index * sizes.CHUNK; start < end; start += BLOCK) {
    var block = 0.0;
    for (var i = start; i < min(start + BLOCK, end); i++) {
      let channel = i / sizes.PIXELS % sizes.CHANNELS;
      let anchor = i % sizes.PIXELS * (sizes.CHANNELS / 4u) + channel / 4u;
      if (anchor >= sizes.ANCHORS) { continue; } // filling of the packed levels
      let target_ = boxTargets[(i / (sizes.CHANNELS * sizes.PIXELS) * sizes.ANCHORS + anchor) * 4u + channel % 4u];
      let error = abs(codes[i] - target_);
      let quadratic = min(error, DELTA);
      block += select(0.5 * quadratic * quadratic + DELTA * (error - quadratic), 0.0, target_ == 0.0);
    }
    sum += block;
  }
  loss[index] = sum / (4.0 * normalizer[0]);
}
