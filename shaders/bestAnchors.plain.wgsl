// For every ground-truth box the anchor of highest IoU, the first one of several; −1 for unused rows.
//   best[n,g] = argmax over a of IoU(boxes[n,g], anchors[a])
// The plain rung, without barriers, which software would run as coroutines. One invocation: one box, its anchors in
// order.

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

fn intersectionOverUnion(a: vec4f, b: vec4f) -> f32 {
  let overlap = max(min(a.zw, b.zw) - max(a.xy, b.xy), vec2f());
  let intersection = overlap.x * overlap.y;
  let total = (a.z - a.x) * (a.w - a.y) + (b.z - b.x) * (b.w - b.y);
  return select(intersection / (total - intersection), 0.0, intersection == 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let box = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (box >= sizes.BOXES) { return; }
  if (classes[box] < 0) {
    best[box] = -1;
    return;
  }
  let wanted = boxes[box];
  var highest = -1.0;
  var index = 0u;
  for (var a = 0u; a < sizes.ANCHORS; a++) {
    let overlap = intersectionOverUnion(wanted, anchors[a]);
    if (overlap > highest) {
      highest = overlap;
      index = a;
    }
  }
  best[box] = i32(index);
}
