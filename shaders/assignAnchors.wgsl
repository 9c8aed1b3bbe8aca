// Targets of every anchor (effdet's and google/automl's matcher): an anchor belongs to the box of highest IoU if that is
// at least THRESHOLD, the first of several; and to a box whose best anchor it is in any case, the first of several.
//   matches = index of the box, or −1      classTargets = class − 1, or −1 for background
//   boxTargets = ((cy − cyA) / hA, (cx − cxA) / wA, log(h / hA), log(w / wA)), sizes + 1e-7; 0 where there is no match
// One invocation: one anchor of one sample.

override THRESHOLD: f32;
override WORKGROUP: u32;

struct Sizes {
  ANCHORS: u32,
  BOXES: u32, // of one sample
  LENGTH: u32, // batch · ANCHORS
}

@group(0) @binding(0) var<storage, read> anchors: array<vec4f>;           // [ANCHORS], yMin, xMin, yMax, xMax
@group(0) @binding(1) var<storage, read> boxes: array<vec4f>;             // [batch, BOXES]
@group(0) @binding(2) var<storage, read> classes: array<i32>;             // [batch, BOXES], from 1; negative: unused
@group(0) @binding(3) var<storage, read> best: array<i32>;                // [batch, BOXES]
@group(0) @binding(4) var<storage, read_write> matches: array<i32>;       // [batch, ANCHORS]
@group(0) @binding(5) var<storage, read_write> classTargets: array<i32>;  // [batch, ANCHORS]
@group(0) @binding(6) var<storage, read_write> boxTargets: array<vec4f>;  // [batch, ANCHORS]
@group(0) @binding(7) var<uniform> sizes: Sizes;

fn intersectionOverUnion(a: vec4f, b: vec4f) -> f32 {
  let overlap = max(min(a.zw, b.zw) - max(a.xy, b.xy), vec2f());
  let intersection = overlap.x * overlap.y;
  let total = (a.z - a.x) * (a.w - a.y) + (b.z - b.x) * (b.w - b.y);
  return select(intersection / (total - intersection), 0.0, intersection == 0.0);
}

fn encode(box: vec4f, anchor: vec4f) -> vec4f {
  let size = box.zw - box.xy;
  let anchorSize = anchor.zw - anchor.xy;
  let shift = (box.xy + size / 2.0) - (anchor.xy + anchorSize / 2.0);
  return vec4f(shift / (anchorSize + 1e-7), log((size + 1e-7) / (anchorSize + 1e-7)));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.LENGTH) { return; }
  let index = i % sizes.ANCHORS;
  let anchor = anchors[index];
  let first = i / sizes.ANCHORS * sizes.BOXES;
  var highest = 0.0;
  var found = -1;
  var claimed = -1;
  for (var k = 0u; k < sizes.BOXES; k++) {
    if (classes[first + k] < 0) { continue; }
    let overlap = intersectionOverUnion(boxes[first + k], anchor);
    if (overlap >= THRESHOLD && overlap > highest) {
      highest = overlap;
      found = i32(k);
    }
    if (claimed < 0 && best[first + k] == i32(index)) { claimed = i32(k); }
  }
  let matched = select(found, claimed, claimed >= 0);
  matches[i] = matched;
  classTargets[i] = -1;
  boxTargets[i] = vec4f();
  if (matched >= 0) {
    classTargets[i] = classes[first + u32(matched)] - 1;
    boxTargets[i] = encode(boxes[first + u32(matched)], anchor);
  }
}
