// Boxes of one pyramid level from its codes, the inverse of assignAnchors' coding:
//   centre = code.yx · size of the anchor + centre of the anchor      size = exp(code.hw) · size of the anchor
// One invocation: one anchor of one sample.

override PER_PIXEL: u32;    // anchors of a pixel
override PIXELS: u32;
override LENGTH: u32;       // batch · PIXELS · PER_PIXEL
override LEVEL_OFFSET: u32; // this level's first anchor
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> codes: array<f32>;        // [batch, PER_PIXEL · 4, PIXELS], channel = anchor · 4 + (ty, tx, th, tw)
@group(0) @binding(1) var<storage, read> anchors: array<vec4f>;    // of all levels: yMin, xMin, yMax, xMax
@group(0) @binding(2) var<storage, read_write> boxes: array<vec4f>; // [batch, PIXELS · PER_PIXEL]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= LENGTH) { return; }
  let pixel = i / PER_PIXEL % PIXELS;
  let channel = i / (PER_PIXEL * PIXELS) * PER_PIXEL * 4u + i % PER_PIXEL * 4u;
  let shift = vec2f(codes[channel * PIXELS + pixel], codes[(channel + 1u) * PIXELS + pixel]);
  let growth = vec2f(codes[(channel + 2u) * PIXELS + pixel], codes[(channel + 3u) * PIXELS + pixel]);
  let anchor = anchors[LEVEL_OFFSET + i % (PER_PIXEL * PIXELS)];
  let anchorSize = anchor.zw - anchor.xy;
  let center = shift * anchorSize + (anchor.xy + anchor.zw) / 2.0;
  let half = exp(growth) * anchorSize / 2.0;
  boxes[i] = vec4f(center - half, center + half);
}
