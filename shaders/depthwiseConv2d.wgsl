// Depthwise convolution, NCHW, for kernels of 3x3 and 5x5 at stride 1 and 2.
//   y[n,c,i,j] = sum over taps (u,v) of w[c,u,v] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// Taps outside the image count as zero.
//
// One invocation: four neighbouring outputs of a row, which share the pixels they load: 6 a row of taps for 3x3 at stride
// 1 where the plain rung loads 12, and no branch depends on a column. Taps are summed in row-major order.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
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
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn pixel(rowStart: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(sizes.WIDTH);
  return select(0.0, x[rowStart + u32(clamp(column, 0, i32(sizes.WIDTH) - 1))], inside);
}

// Four pixels `step` columns apart.
fn pixels(rowStart: u32, column: i32, step: i32) -> vec4f {
  return vec4f(pixel(rowStart, column), pixel(rowStart, column + step),
               pixel(rowStart, column + 2 * step), pixel(rowStart, column + 3 * step));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.OUT_WIDTH + 3u) / 4u;
  let plane = i / (sizes.OUT_HEIGHT * quads);
  if (plane >= sizes.PLANES) { return; }
  let outRow = i / quads % sizes.OUT_HEIGHT;
  let outColumn = i % quads * 4u;
  let top = i32(outRow * STRIDE) - i32(sizes.PAD_TOP);
  let left = i32(outColumn * STRIDE) - i32(sizes.PAD_LEFT);
  var sum = vec4f();
  for (var u = 0u; u < KERNEL; u++) {
    let row = top + i32(u);
    if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
    let start = (plane * sizes.HEIGHT + u32(row)) * sizes.WIDTH;
    let w = (plane % sizes.CHANNELS * KERNEL + u) * KERNEL;
    let even = pixels(start, left, i32(STRIDE));
    if (STRIDE == 1u) {
      let next = vec2f(pixel(start, left + 4), pixel(start, left + 5));
      sum += weight[w] * even + weight[w + 1u] * vec4f(even.yzw, next.x) + weight[w + 2u] * vec4f(even.zw, next);
      if (KERNEL == 5u) {
        let last = vec2f(pixel(start, left + 6), pixel(start, left + 7));
        sum += weight[w + 3u] * vec4f(even.w, next, last.x) + weight[w + 4u] * vec4f(next, last);
      }
    } else {
      let odd = pixels(start, left + 1, 2);
      let next = pixel(start, left + 8);
      sum += weight[w] * even + weight[w + 1u] * odd + weight[w + 2u] * vec4f(even.yzw, next);
      if (KERNEL == 5u) {
        let last = vec2f(pixel(start, left + 9), pixel(start, left + 10));
        sum += weight[w + 3u] * vec4f(odd.yzw, last.x) + weight[w + 4u] * vec4f(even.zw, next, last.y);
      }
    }
  }
  let target_ = (plane * sizes.OUT_HEIGHT + outRow) * sizes.OUT_WIDTH + outColumn;
  for (var k = 0u; k < min(4u, sizes.OUT_WIDTH - outColumn); k++) { y[target_ + k] = sum[k]; }
}
