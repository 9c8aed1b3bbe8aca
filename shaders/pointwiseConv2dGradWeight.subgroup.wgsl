// The rung for software. One invocation: a register tile of 4 of the many channels, its own, × 8 of the few, which its
// workgroup shares, of one chunk. Each step takes a vec4 of each of the four, and one of the eight, the others from the
// subgroup: 5 vec4 loads for 32 dot products where the tiled rung has 12. Of subgroups of 4 each invocation loads two.

enable subgroups;

override SUBGROUP: u32; // 4, or a multiple of 8

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32,
        @builtin(subgroup_invocation_id) lane: u32) {
  let owns = manyChannels();
  let shares = fewChannels();
  let quads = sizes.PIXELS / 4u;
  let channel = (group.x * WORKGROUP + local) * 4u;
  let first = group.y * 8u;
  let a0 = min(channel, owns - 1u) * quads;
  let a1 = min(channel + 1u, owns - 1u) * quads;
  let a2 = min(channel + 2u, owns - 1u) * quads;
  let a3 = min(channel + 3u, owns - 1u) * quads;
  let b0 = min(first + lane % 8u, shares - 1u) * quads;
  let b1 = min(first + lane % 8u + 4u, shares - 1u) * quads;
  let start = group.z * sizes.CHUNK / 4u;
  let end = min((group.z + 1u) * sizes.CHUNK, sizes.TOTAL) / 4u;
  var sample = start / quads;
  var quad = start % quads;
  var r0 = vec4f(); // r0[k]: few channel `first` · many channel `channel + k`
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  var r4 = vec4f();
  var r5 = vec4f();
  var r6 = vec4f();
  var r7 = vec4f();
  for (var k = start; k < end; k++) {
    let source = sample * owns * quads + quad;
    let v = mat4x4f(many(source + a0), many(source + a1), many(source + a2), many(source + a3));
    let from_ = sample * shares * quads + quad;
    let near = few(from_ + b0);
    r0 += subgroupBroadcast(near, 0u) * v;
    r1 += subgroupBroadcast(near, 1u) * v;
    r2 += subgroupBroadcast(near, 2u) * v;
    r3 += subgroupBroadcast(near, 3u) * v;
    if (SUBGROUP == 4u) {
      let far = few(from_ + b1);
      r4 += subgroupBroadcast(far, 0u) * v;
      r5 += subgroupBroadcast(far, 1u) * v;
      r6 += subgroupBroadcast(far, 2u) * v;
      r7 += subgroupBroadcast(far, 3u) * v;
    } else {
      r4 += subgroupBroadcast(near, 4u) * v;
      r5 += subgroupBroadcast(near, 5u) * v;
      r6 += subgroupBroadcast(near, 6u) * v;
      r7 += subgroupBroadcast(near, 7u) * v;
    }
    quad++;
    if (quad == quads) {
      quad = 0u;
      sample++;
    }
  }
  if (channel >= owns) { return; }
  writeFour(group.z, channel, first, r0);
  writeFour(group.z, channel, first + 1u, r1);
  writeFour(group.z, channel, first + 2u, r2);
  writeFour(group.z, channel, first + 3u, r3);
  writeFour(group.z, channel, first + 4u, r4);
  writeFour(group.z, channel, first + 5u, r5);
  writeFour(group.z, channel, first + 6u, r6);
  writeFour(group.z, channel, first + 7u, r7);
}
