// Scaled sum of squared differences, in GROUPS partial sums that sumLeading adds:  SCALE · sum of (a − b)²
// The plain rung, without barriers, which software would run as coroutines. One invocation: CHUNK consecutive elements,
// in order; each BLOCK of them is summed apart and then added, so that rounding grows with BLOCK + CHUNK / BLOCK.

override SCALE: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>; // [GROUPS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

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
      let difference = a[i] - b[i];
      block += difference * difference;
    }
    sum += block;
  }
  loss[index] = SCALE * sum;
}
