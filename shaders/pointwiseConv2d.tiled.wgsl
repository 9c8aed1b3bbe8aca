// The rung that shares nothing: each invocation loads the 8 vec4s of weights and 4 of pixels that 128 multiply-adds need,
// where the plain rung loads two scalars for each one.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = sizes.PIXELS / 4u;
  let tiles = (sizes.OUT + 7u) / 8u;
  let sample = index / (tiles * quads);
  if (sample >= sizes.BATCH) { return; }
  let first = index / quads % tiles * 8u;
  let quad = index % quads;
  let source = sourceOf(sample, quad);
  var t = Tile();
  for (var i = 0u; i < sizes.IN; i += 4u) {
    multiply(&t, pixels(sample, source, i), weights(first, i, 0u), weights(first, i, 1u), weights(first, i, 2u),
                 weights(first, i, 3u), weights(first, i, 4u), weights(first, i, 5u), weights(first, i, 6u),
                 weights(first, i, 7u));
  }
  store(t, sample, first, quad);
}
