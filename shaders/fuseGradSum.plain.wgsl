// The plain rung, without barriers, which software would run as coroutines. One invocation: CHUNK consecutive elements,
// in order; each BLOCK of them is summed apart and then added, so that rounding grows with BLOCK + CHUNK / BLOCK.

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let pixels = sizes.HEIGHT * sizes.WIDTH;
  let first = index * sizes.CHUNK;
  if (first >= sizes.PLANES * pixels) { return; }
  let w = positiveWeights();
  let end = min(first + sizes.CHUNK, sizes.PLANES * pixels);
  var plane = first / pixels;
  var at = vec2u(first / sizes.WIDTH % sizes.HEIGHT, first % sizes.WIDTH);
  var sums = vec3f();
  for (var start = first; start < end; start += BLOCK) {
    var block = vec3f();
    for (var i = start; i < min(start + BLOCK, end); i++) {
      block += element(i, plane, at, w);
      at.y++;
      if (at.y == sizes.WIDTH) { at = vec2u(at.x + 1u, 0u); }
      if (at.x == sizes.HEIGHT) {
        at.x = 0u;
        plane++;
      }
    }
    sums += block;
  }
  writeSums(index, sums, w);
}
