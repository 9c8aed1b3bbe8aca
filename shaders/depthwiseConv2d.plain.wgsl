// Depthwise convolution, NCHW.
//   y[n,c,i,j] = sum over taps (u,v) of w[c,u,v] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// Taps outside the image count as zero. One invocation: one output pixel; taps are summed in row-major order.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

alias Pixels = f32;

struct Sizes {
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [batch, CHANNELS, OUT_HEIGHT, OUT_WIDTH]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = id.x;
  if (pixel >= sizes.OUT_HEIGHT * sizes.OUT_WIDTH) { return; }
  let channel = id.y;
  let plane = id.z * sizes.CHANNELS + channel;
  let top = i32(pixel / sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_TOP);
  let left = i32(pixel % sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_LEFT);
  var sum = 0.0;
  for (var u = 0u; u < KERNEL; u++) {
    let row = top + i32(u);
    if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
    let rowStart = (plane * sizes.HEIGHT + u32(row)) * sizes.WIDTH;
    for (var v = 0u; v < KERNEL; v++) {
      let column = left + i32(v);
      if (column >= 0 && column < i32(sizes.WIDTH)) {
        sum += weight[(channel * KERNEL + u) * KERNEL + v] * x[rowStart + u32(column)];
      }
    }
  }
  y[plane * sizes.OUT_HEIGHT * sizes.OUT_WIDTH + pixel] = finish(sum, normOf(channel));
}
