// Gradient of the convolution with respect to its weight, NCHW: partial sums of ROWS consecutive rows of outputs each,
// those of one sample after those of another.
//   partial[s,o,c,u,v] = sum over the outputs (n,i,j) of split s of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// The rung for GPUs. One workgroup: all taps of one filter and one input channel in one split. Invocation t sums the
// outputs t, t + WORKGROUP, … for all taps in private registers, then the workgroup adds the invocations' sums as a tree.

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
  ROWS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;       // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [splits, FILTERS, CHANNELS, KERNEL, KERNEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

const MAX_TAPS = 9u;
var<workgroup> lanes: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let filter_ = group.y;
  var sums: array<f32, MAX_TAPS>;
  let firstRow = group.z * sizes.ROWS; // of all samples' rows
  let rows = min(sizes.ROWS, sizes.BATCH * sizes.OUT_HEIGHT - firstRow);
  for (var pixel = local; pixel < rows * sizes.OUT_WIDTH; pixel += WORKGROUP) {
    let outRow = firstRow + pixel / sizes.OUT_WIDTH;
    let outColumn = pixel % sizes.OUT_WIDTH;
    let sample = outRow / sizes.OUT_HEIGHT;
    let i = outRow % sizes.OUT_HEIGHT;
    let gradient = dy[((sample * sizes.FILTERS + filter_) * sizes.OUT_HEIGHT + i) * sizes.OUT_WIDTH + outColumn];
    let plane = (sample * sizes.CHANNELS + channel) * sizes.HEIGHT;
    let top = i32(i * STRIDE) - i32(sizes.PAD_TOP);
    let left = i32(outColumn * STRIDE) - i32(sizes.PAD_LEFT);
    for (var u = 0u; u < KERNEL; u++) {
      let row = top + i32(u);
      if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
      for (var v = 0u; v < KERNEL; v++) {
        let column = left + i32(v);
        if (column >= 0 && column < i32(sizes.WIDTH)) {
          sums[u * KERNEL + v] += gradient * x[(plane + u32(row)) * sizes.WIDTH + u32(column)];
        }
      }
    }
  }
  for (var tap = 0u; tap < KERNEL * KERNEL; tap++) {
    lanes[local] = sums[tap];
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
      if (local < half) { lanes[local] += lanes[local + half]; }
      workgroupBarrier();
    }
    if (local == 0u) { partial[((group.z * sizes.FILTERS + filter_) * sizes.CHANNELS + channel) * KERNEL * KERNEL + tap] = lanes[0]; }
    workgroupBarrier();
  }
}
