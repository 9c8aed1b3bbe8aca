// Convolution, NCHW.
//   y[n,o,i,j] = sum over c and taps (u,v) of w[o,c,u,v] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// Taps outside the image count as zero. One invocation: one output pixel of one output channel; input channels are
// summed in order, taps in row-major order. The plain rung.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

alias Pixels = f32;

struct Sizes {
  CHANNELS: u32,
  FILTERS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [FILTERS, CHANNELS, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [batch, FILTERS, OUT_HEIGHT, OUT_WIDTH]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = id.x;
  if (pixel >= sizes.OUT_HEIGHT * sizes.OUT_WIDTH) { return; }
  let filter_ = id.y;
  let sample = id.z;
  let top = i32(pixel / sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_TOP);
  let left = i32(pixel % sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_LEFT);
  var sum = 0.0;
  for (var channel = 0u; channel < sizes.CHANNELS; channel++) {
    let plane = (sample * sizes.CHANNELS + channel) * sizes.HEIGHT;
    let taps = (filter_ * sizes.CHANNELS + channel) * KERNEL;
    for (var u = 0u; u < KERNEL; u++) {
      let row = top + i32(u);
      if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
      for (var v = 0u; v < KERNEL; v++) {
        let column = left + i32(v);
        if (column >= 0 && column < i32(sizes.WIDTH)) {
          sum += weight[(taps + u) * KERNEL + v] * x[(plane + u32(row)) * sizes.WIDTH + u32(column)];
        }
      }
    }
  }
  y[(sample * sizes.FILTERS + filter_) * sizes.OUT_HEIGHT * sizes.OUT_WIDTH + pixel] = finish(sum, normOf(filter_));
}
