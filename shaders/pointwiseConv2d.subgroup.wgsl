// The rung for software, where loads are what costs: all invocations of a workgroup have the same output channels, so each
// loads one of the eight vec4s of weights that a tile needs and takes the others from its subgroup, 5 vec4 loads for 128
// multiply-adds where the tiled rung has 12: two to seven times faster. Of subgroups of 4 each invocation loads two. With
// WIDE, for subgroups of 8 and more, an invocation holds two tiles of the same pixels: 6 loads for 256 multiply-adds.

enable subgroups;

override WIDE: bool;
override SUBGROUP: u32; // 4, or a multiple of 8

// Adds four input channels, given one of the tile's eight vec4s of weights, or two of subgroups of 4.
fn add(t: ptr<function, Tile>, v: mat4x4f, own: vec4f, second: vec4f) {
  let w0 = subgroupBroadcast(own, 0u);
  let w1 = subgroupBroadcast(own, 1u);
  let w2 = subgroupBroadcast(own, 2u);
  let w3 = subgroupBroadcast(own, 3u);
  if (SUBGROUP == 4u) {
    multiply(t, v, w0, w1, w2, w3, subgroupBroadcast(second, 0u), subgroupBroadcast(second, 1u),
             subgroupBroadcast(second, 2u), subgroupBroadcast(second, 3u));
  } else {
    multiply(t, v, w0, w1, w2, w3, subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u),
             subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u));
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let quads = sizes.PIXELS / 4u;
  let count = sizes.BATCH * quads;
  let spans = (count + WORKGROUP - 1u) / WORKGROUP;
  let number = group.y * groups.x + group.x;
  let first = number / spans * select(8u, 16u, WIDE);
  if (first >= sizes.OUT) { return; }
  let index = number % spans * WORKGROUP + local;
  let sample = min(index, count - 1u) / quads;
  let quad = min(index, count - 1u) % quads;
  let source = sourceOf(sample, quad);
  let row = lane % 8u;
  var near = Tile();
  var far = Tile();
  for (var i = 0u; i < sizes.IN; i += 4u) {
    let v = pixels(sample, source, i);
    let own = weights(first, i, row);
    var second = vec4f();
    if (WIDE) { second = weights(first + 8u, i, row); }
    if (SUBGROUP == 4u) { second = weights(first, i, row + 4u); }
    add(&near, v, own, second);
    if (WIDE) { add(&far, v, second, second); }
  }
  if (index >= count) { return; }
  store(near, sample, first, quad);
  if (WIDE && first + 8u < sizes.OUT) { store(far, sample, first + 8u, quad); }
}

