// Gradient of the convolution with respect to its input, NCHW, gathered so that each element is written once.
//   dx[n,c,y,x] = sum over o and taps (u,v) of w[o,c,u,v] · dy[n,o,i,j]  where  y = i·STRIDE + u − PAD_TOP, x = j·STRIDE + v − PAD_LEFT
// One invocation: one input pixel of one channel; filters are summed in order, taps in row-major order.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

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

@group(0) @binding(0) var<storage, read> weight: array<f32>;   // [FILTERS, CHANNELS, KERNEL, KERNEL]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [batch, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pixel = id.x;
  if (pixel >= sizes.HEIGHT * sizes.WIDTH) { return; }
  let channel = id.y;
  let sample = id.z;
  let y = pixel / sizes.WIDTH + sizes.PAD_TOP;
  let x = pixel % sizes.WIDTH + sizes.PAD_LEFT;
  var sum = 0.0;
  for (var filter_ = 0u; filter_ < sizes.FILTERS; filter_++) {
    let plane = (sample * sizes.FILTERS + filter_) * sizes.OUT_HEIGHT;
    let taps = (filter_ * sizes.CHANNELS + channel) * KERNEL;
    for (var u = 0u; u < KERNEL; u++) {
      if (u > y || (y - u) % STRIDE != 0u || (y - u) / STRIDE >= sizes.OUT_HEIGHT) { continue; }
      for (var v = 0u; v < KERNEL; v++) {
        if (v <= x && (x - v) % STRIDE == 0u && (x - v) / STRIDE < sizes.OUT_WIDTH) {
          sum += weight[(taps + u) * KERNEL + v] * dy[(plane + (y - u) / STRIDE) * sizes.OUT_WIDTH + (x - v) / STRIDE];
        }
      }
    }
  }
  dx[(sample * sizes.CHANNELS + channel) * sizes.HEIGHT * sizes.WIDTH + pixel] = sum;
}
