// Boxes of all pyramid levels from their codes, the inverse of assignAnchors' coding:
//   centre = code.yx · size of the anchor + centre of the anchor      size = exp(code.hw) · size of the anchor
// One invocation: one anchor of one sample.

override WORKGROUP: u32;

struct Sizes {
  PER_PIXEL: u32, // anchors of a pixel
  PIXELS: u32,
  LENGTH: u32, // batch · PIXELS · PER_PIXEL
  ANCHORS: u32, // PIXELS may be more than they need
}

@group(0) @binding(0) var<storage, read> codes: array<f32>;        // [batch, PER_PIXEL · 4, PIXELS], channel = anchor · 4 + (ty, tx, th, tw)
@group(0) @binding(1) var<storage, read> anchors: array<vec4f>;    // yMin, xMin, yMax, xMax
@group(0) @binding(2) var<storage, read_write> boxes: array<vec4f>; // [batch, PIXELS · PER_PIXEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let pixel = i / sizes.PER_PIXEL % sizes.PIXELS;
  let channel = i / (sizes.PER_PIXEL * sizes.PIXELS) * sizes.PER_PIXEL * 4u + i % sizes.PER_PIXEL * 4u;
  let shift = vec2f(codes[channel * sizes.PIXELS + pixel], codes[(channel + 1u) * sizes.PIXELS + pixel]);
  let growth = vec2f(codes[(channel + 2u) * sizes.PIXELS + pixel], codes[(channel + 3u) * sizes.PIXELS + pixel]);
  let anchor = anchors[min(i % (sizes.PER_PIXEL * sizes.PIXELS), sizes.ANCHORS - 1u)];
  let anchorSize = anchor.zw - anchor.xy;
  let center = shift * anchorSize + (anchor.xy + anchor.zw) / 2.0;
  let half = exp(growth) * anchorSize / 2.0;
  boxes[i] = vec4f(center - half, center + half);
}
