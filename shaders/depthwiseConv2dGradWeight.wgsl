// The columns of depthwiseGradStrip.wgsl over whole planes: partial sums of ROWS consecutive rows of outputs each, those of one
// sample after those of another.
//   partial[s,c,u,v] = sum over the outputs (n,i,j) of split s of dy[n,c,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// One invocation: all taps of one channel in one split, without a barrier; columns of four in order, then samples.

override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
  SPLITS: u32,
  ROWS: u32,
}

@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.SPLITS * sizes.CHANNELS) { return; }
  let channel = i % sizes.CHANNELS;
  let firstRow = i / sizes.CHANNELS * sizes.ROWS; // of all samples' rows
  let lastRow = min(firstRow + sizes.ROWS, sizes.BATCH * sizes.OUT_HEIGHT);
  var sums = Sums();
  for (var sample = firstRow / sizes.OUT_HEIGHT; sample * sizes.OUT_HEIGHT < lastRow; sample++) {
    let plane = sample * sizes.CHANNELS + channel;
    let image = Image(plane * sizes.HEIGHT * sizes.WIDTH, sizes.HEIGHT, sizes.WIDTH);
    let outputs = Image(plane * sizes.OUT_HEIGHT * sizes.OUT_WIDTH, sizes.OUT_HEIGHT, sizes.OUT_WIDTH);
    let top = max(firstRow, sample * sizes.OUT_HEIGHT) - sample * sizes.OUT_HEIGHT;
    let bottom = min(lastRow - sample * sizes.OUT_HEIGHT, sizes.OUT_HEIGHT);
    for (var outColumn = 0u; outColumn < sizes.OUT_WIDTH; outColumn += 4u) {
      addColumns(&sums, image, outputs, vec2u(sizes.PAD_TOP, sizes.PAD_LEFT), top, bottom, outColumn);
    }
  }
  let at = i * KERNEL * KERNEL;
  write(at, 0u, sums.row0);
  write(at, 1u, sums.row1);
  write(at, 2u, sums.row2);
  if (KERNEL == 5u) {
    write(at, 3u, sums.row3);
    write(at, 4u, sums.row4);
  }
}
