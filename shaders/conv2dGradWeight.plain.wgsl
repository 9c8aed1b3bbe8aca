// Gradient of the convolution with respect to its weight, NCHW.
//   dw[o,c,u,v] = sum over n, i, j of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// The plain rung, without barriers, which software would run as coroutines. One invocation: one row of at most three
// taps, in order; each row of a sample's output is summed apart and then added, so that rounding grows with OUT_WIDTH +
// BATCH · OUT_HEIGHT.

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
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // [FILTERS, CHANNELS, KERNEL, KERNEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn inputAt(start: u32, column: u32) -> f32 {
  if (column >= sizes.WIDTH) { return 0.0; } // columns left of the image wrap to huge numbers
  return x[start + column];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index >= KERNEL * sizes.FILTERS * sizes.CHANNELS) { return; }
  let u = index / (sizes.FILTERS * sizes.CHANNELS);
  let pair = index % (sizes.FILTERS * sizes.CHANNELS);
  let filter_ = pair / sizes.CHANNELS;
  let channel = pair % sizes.CHANNELS;
  var sums = vec3f();
  for (var sample = 0u; sample < sizes.BATCH; sample++) {
    for (var i = 0u; i < sizes.OUT_HEIGHT; i++) {
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
  }
  for (var v = 0u; v < KERNEL; v++) { dw[(pair * KERNEL + u) * KERNEL + v] = sums[v]; }
}
