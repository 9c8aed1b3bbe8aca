// Gradient of the convolution with respect to its weight, NCHW.
//   dw[o,c,u,v] = sum over n, i, j of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// The plain rung, without barriers, which software would run as coroutines. One invocation: one row of at most
// three taps, in order, each row of a sample's output summed apart and then added, so that rounding grows with
// OUT_WIDTH + BATCH · OUT_HEIGHT.

override BATCH: u32;
override CHANNELS: u32;
override FILTERS: u32;
override HEIGHT: u32;
override WIDTH: u32;
override KERNEL: u32;
override STRIDE: u32;
override PAD_TOP: u32;
override PAD_LEFT: u32;
override OUT_HEIGHT: u32;
override OUT_WIDTH: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // [FILTERS, CHANNELS, KERNEL, KERNEL]

fn inputAt(start: u32, column: u32) -> f32 {
  if (column >= WIDTH) { return 0.0; } // columns left of the image wrap to huge numbers
  return x[start + column];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index >= KERNEL * FILTERS * CHANNELS) { return; }
  let u = index / (FILTERS * CHANNELS);
  let pair = index % (FILTERS * CHANNELS);
  let filter_ = pair / CHANNELS;
  let channel = pair % CHANNELS;
  var sums = vec3f();
  for (var sample = 0u; sample < BATCH; sample++) {
    for (var i = 0u; i < OUT_HEIGHT; i++) {
      let row = i * STRIDE + u - PAD_TOP;
      if (row >= HEIGHT) { continue; } // so do rows above it
      let gradients = ((sample * FILTERS + filter_) * OUT_HEIGHT + i) * OUT_WIDTH;
      let inputs = ((sample * CHANNELS + channel) * HEIGHT + row) * WIDTH;
      var rowSums = vec3f();
      for (var j = 0u; j < OUT_WIDTH; j++) {
        let left = j * STRIDE - PAD_LEFT;
        rowSums += dy[gradients + j] *
          vec3f(inputAt(inputs, left), inputAt(inputs, left + 1u), inputAt(inputs, left + 2u));
      }
      sums += rowSums;
    }
  }
  for (var v = 0u; v < KERNEL; v++) { dw[(pair * KERNEL + u) * KERNEL + v] = sums[v]; }
}
