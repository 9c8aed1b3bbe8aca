// Gradient of the convolution with respect to its weight, NCHW.
//   dw[o,c,u,v] = sum over n, i, j of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// One workgroup: all taps of one filter and one input channel. Invocation t sums the output pixels t, t + WORKGROUP, …
// of every sample for all taps in private registers, then the workgroup adds the invocations' sums as a tree.
// The rung for GPUs: a whole workgroup shares one sum. Its barriers cost software dearly, which takes the plain rung.

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

const MAX_TAPS = 9u;
var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let filter_ = group.y;
  var sums: array<f32, MAX_TAPS>;
  for (var sample = 0u; sample < BATCH; sample++) {
    let gradients = (sample * FILTERS + filter_) * OUT_HEIGHT * OUT_WIDTH;
    let plane = (sample * CHANNELS + channel) * HEIGHT;
    for (var pixel = local; pixel < OUT_HEIGHT * OUT_WIDTH; pixel += WORKGROUP) {
      let gradient = dy[gradients + pixel];
      let top = i32(pixel / OUT_WIDTH * STRIDE) - i32(PAD_TOP);
      let left = i32(pixel % OUT_WIDTH * STRIDE) - i32(PAD_LEFT);
      for (var u = 0u; u < KERNEL; u++) {
        let row = top + i32(u);
        if (row < 0 || row >= i32(HEIGHT)) { continue; }
        for (var v = 0u; v < KERNEL; v++) {
          let column = left + i32(v);
          if (column >= 0 && column < i32(WIDTH)) {
            sums[u * KERNEL + v] += gradient * x[(plane + u32(row)) * WIDTH + u32(column)];
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
    if (local == 0u) { dw[(filter_ * CHANNELS + channel) * KERNEL * KERNEL + tap] = partial[0]; }
    workgroupBarrier();
  }
}
