// For every ground-truth box the anchor of highest IoU, the first one of several; −1 for unused rows.
//   best[n,g] = argmax over a of IoU(boxes[n,g], anchors[a])
// One workgroup: one box. Invocation t looks at the anchors t, t + WORKGROUP, …; then a tree that prefers lower indices.
// The rung for GPUs: a whole workgroup shares one search. Its barriers cost software dearly, which takes the plain rung.

override WORKGROUP: u32;

struct Sizes {
  ANCHORS: u32,
  BOXES: u32, // of all samples
}

@group(0) @binding(0) var<storage, read> anchors: array<vec4f>;   // [ANCHORS], yMin, xMin, yMax, xMax
@group(0) @binding(1) var<storage, read> boxes: array<vec4f>;     // [BOXES]
@group(0) @binding(2) var<storage, read> classes: array<i32>;     // [BOXES], negative: unused
@group(0) @binding(3) var<storage, read_write> best: array<i32>;  // [BOXES]
@group(0) @binding(4) var<uniform> sizes: Sizes;

var<workgroup> overlaps: array<f32, WORKGROUP>;
var<workgroup> indices: array<u32, WORKGROUP>;

fn intersectionOverUnion(a: vec4f, b: vec4f) -> f32 {
  let overlap = max(min(a.zw, b.zw) - max(a.xy, b.xy), vec2f());
  let intersection = overlap.x * overlap.y;
  let total = (a.z - a.x) * (a.w - a.y) + (b.z - b.x) * (b.w - b.y);
  return select(intersection / (total - intersection), 0.0, intersection == 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let box = group.y * groups.x + group.x;
  if (box >= sizes.BOXES) { return; }
  var highest = -1.0;
  var index = 0u;
  for (var a = local; a < sizes.ANCHORS; a += WORKGROUP) {
    let overlap = intersectionOverUnion(boxes[box], anchors[a]);
    if (overlap > highest) {
      highest = overlap;
      index = a;
    }
  }
  overlaps[local] = highest;
  indices[local] = index;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      let other = local + half;
      if (overlaps[other] > overlaps[local] || (overlaps[other] == overlaps[local] && indices[other] < indices[local])) {
        overlaps[local] = overlaps[other];
        indices[local] = indices[other];
      }
    }
    workgroupBarrier();
  }
  if (local == 0u) { best[box] = select(i32(indices[0]), -1, classes[box] < 0); }
}
