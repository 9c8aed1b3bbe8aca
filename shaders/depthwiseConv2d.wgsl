// The strips of depthwiseStrip.wgsl over whole planes: x [batch, CHANNELS, HEIGHT, WIDTH], a strip of ROWS x 8 an invocation.

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  ROWS: u32,
}


@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let across = (sizes.WIDTH + 7u) / 8u;
  let strips = (sizes.HEIGHT + sizes.ROWS - 1u) / sizes.ROWS;
  let plane = i / across / strips;
  if (plane >= sizes.PLANES) { return; }
  let image = Image(plane * sizes.HEIGHT * sizes.WIDTH, sizes.HEIGHT, sizes.WIDTH);
  let top = i / across % strips * sizes.ROWS;
  strip(image, plane % sizes.CHANNELS, top, min(top + sizes.ROWS, sizes.HEIGHT), i % across * 8u);
}
