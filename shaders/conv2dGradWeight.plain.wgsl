// Gradient of the convolution with respect to its weight, NCHW: partial sums of ROWS consecutive rows of outputs each,
// those of one sample after those of another.
//   partial[s,o,c,u,v] = sum over the outputs (n,i,j) of split s of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// The plain rung, without barriers, which software would run as coroutines. One invocation: one row of at most three
// taps of one split, in order; each row of a sample's output is summed apart and then added, so that rounding grows with
// OUT_WIDTH + ROWS.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  FILTERS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
  SPLITS: u32,
  ROWS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, FILTERS, CHANNELS, KERNEL, KERNEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn inputAt(start: u32, column: u32) -> f32 {
  if (column >= sizes.WIDTH) { return 0.0; } // columns left of the image wrap to huge numbers
  return x[start + column];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index >= sizes.SPLITS * KERNEL * sizes.FILTERS * sizes.CHANNELS) { return; }
  let split = index / (sizes.FILTERS * sizes.CHANNELS) / KERNEL;
  let u = index / (sizes.FILTERS * sizes.CHANNELS) % KERNEL;
  let pair = index % (sizes.FILTERS * sizes.CHANNELS);
  let filter_ = pair / sizes.CHANNELS;
  let channel = pair % sizes.CHANNELS;
  var sums = vec3f();
  let lastRow = min((split + 1u) * sizes.ROWS, sizes.BATCH * sizes.OUT_HEIGHT); // of all samples' rows
  for (var outRow = split * sizes.ROWS; outRow < lastRow; outRow++) {
    let sample = outRow / sizes.OUT_HEIGHT;
    let i = outRow % sizes.OUT_HEIGHT;
    let row = i * STRIDE + u - sizes.PAD_TOP;
    if (row >= sizes.HEIGHT) { continue; } // so do rows above it
    let gradients = ((sample * sizes.FILTERS + filter_) * sizes.OUT_HEIGHT + i) * sizes.OUT_WIDTH;
    let inputs = ((sample * sizes.CHANNELS + channel) * sizes.HEIGHT + row) * sizes.WIDTH;
    var rowSums = vec3f();
    for (var j = 0u; j < sizes.OUT_WIDTH; j++) {
      let left = j * STRIDE - sizes.PAD_LEFT;
      rowSums += dy[gradients + j] *
        vec3f(inputAt(inputs, left), inputAt(inputs, left + 1u), inputAt(inputs, left + 2u));
    }
    sums += rowSums;
  }
  for (var v = 0u; v < KERNEL; v++) {
    partial[((split * sizes.FILTERS * sizes.CHANNELS + pair) * KERNEL + u) * KERNEL + v] = sums[v];
  }
}
