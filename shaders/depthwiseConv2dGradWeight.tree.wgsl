// Gradient of the depthwise convolution with respect to its weight, NCHW.
//   dw[c,u,v] = sum over n, i, j of dy[n,c,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// One workgroup: all taps of one channel. Invocation t sums the output pixels t, t + WORKGROUP, … of every sample for
// all taps in private registers, then the workgroup adds the invocations' sums as a tree. Overwrites dw.

override KERNEL: u32;
override STRIDE: u32;
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
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [BATCH, CHANNELS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

const MAX_TAPS = 25u;
var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  var sums: array<f32, MAX_TAPS>;
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = n * sizes.CHANNELS + channel;
    for (var pixel = local; pixel < sizes.OUT_HEIGHT * sizes.OUT_WIDTH; pixel += WORKGROUP) {
      let gradient = dy[plane * sizes.OUT_HEIGHT * sizes.OUT_WIDTH + pixel];
      let top = i32(pixel / sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_TOP);
      let left = i32(pixel % sizes.OUT_WIDTH * STRIDE) - i32(sizes.PAD_LEFT);
      for (var u = 0u; u < KERNEL; u++) {
        let row = top + i32(u);
        if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
        for (var v = 0u; v < KERNEL; v++) {
          let column = left + i32(v);
          if (column >= 0 && column < i32(sizes.WIDTH)) {
            sums[u * KERNEL + v] += gradient * x[(plane * sizes.HEIGHT + u32(row)) * sizes.WIDTH + u32(column)];
          }
        }
      }
    }
  }
  for (var tap = 0u; tap < KERNEL * KERNEL; tap++) {
    partial[local] = sums[tap];
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
      if (local < half) { partial[local] += partial[local + half]; }
      workgroupBarrier();
    }
    if (local == 0u) { dw[channel * KERNEL * KERNEL + tap] = partial[0]; }
    workgroupBarrier();
  }
}
