// Gradient of the depthwise convolution with respect to its input, NCHW, gathered so that each element is written once.
//   dx[n,c,y,x] = sum over taps (u,v) of w[c,u,v] · dy[n,c,i,j]  where  y = i·STRIDE + u − PAD_TOP, x = j·STRIDE + v − PAD_LEFT
// One invocation: one input pixel; taps are summed in row-major order.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

struct Sizes {
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;       // [batch, CHANNELS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;   // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = id.x;
  if (pixel >= sizes.HEIGHT * sizes.WIDTH) { return; }
  let channel = id.y;
  let plane = id.z * sizes.CHANNELS + channel;
  let y = pixel / sizes.WIDTH + sizes.PAD_TOP;
  let x = pixel % sizes.WIDTH + sizes.PAD_LEFT;
  var sum = 0.0;
  for (var u = 0u; u < KERNEL; u++) {
    if (u > y || (y - u) % STRIDE != 0u || (y - u) / STRIDE >= sizes.OUT_HEIGHT) { continue; }
    let rowStart = (plane * sizes.OUT_HEIGHT + (y - u) / STRIDE) * sizes.OUT_WIDTH;
    for (var v = 0u; v < KERNEL; v++) {
      if (v <= x && (x - v) % STRIDE == 0u && (x - v) / STRIDE < sizes.OUT_WIDTH) {
        sum += weight[(channel * KERNEL + u) * KERNEL + v] * dy[rowStart + (x - v) / STRIDE];
      }
    }
  }
  dx[plane * sizes.HEIGHT * sizes.WIDTH + pixel] = sum;
}
