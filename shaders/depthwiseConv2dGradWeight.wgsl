// Gradient of the depthwise convolution with respect to its weight, NCHW, for kernels of 3x3 and 5x5 at stride 1 and 2.
//   dw[c,u,v] = sum over n, i, j of dy[n,c,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
//
// One invocation: one row of taps of one channel, without a barrier, four neighbouring outputs at a time. The outputs of
// a row are added first, in four lanes a tap, then the rows, so that no running sum grows long.

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

fn pixel(rowStart: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(sizes.WIDTH);
  return select(0.0, x[rowStart + u32(clamp(column, 0, i32(sizes.WIDTH) - 1))], inside);
}

// Four pixels `step` columns apart.
fn pixels(rowStart: u32, column: i32, step: i32) -> vec4f {
  return vec4f(pixel(rowStart, column), pixel(rowStart, column + step),
               pixel(rowStart, column + 2 * step), pixel(rowStart, column + 3 * step));
}

fn gradients(rowStart: u32, column: u32) -> vec4f {
  let last = sizes.OUT_WIDTH - 1u;
  let four = vec4f(dy[rowStart + column], dy[rowStart + min(column + 1u, last)],
                   dy[rowStart + min(column + 2u, last)], dy[rowStart + min(column + 3u, last)]);
  return select(vec4f(), four, column + vec4u(0u, 1u, 2u, 3u) <= vec4u(last));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.CHANNELS * KERNEL) { return; }
  let channel = i / KERNEL;
  let u = i % KERNEL;
  var sum = array<vec4f, 5>();
  for (var outRow = 0u; outRow < sizes.BATCH * sizes.OUT_HEIGHT; outRow++) {
    let plane = outRow / sizes.OUT_HEIGHT * sizes.CHANNELS + channel;
    let row = i32(outRow % sizes.OUT_HEIGHT * STRIDE + u) - i32(sizes.PAD_TOP);
    if (row < 0 || row >= i32(sizes.HEIGHT)) { continue; }
    let start = (plane * sizes.HEIGHT + u32(row)) * sizes.WIDTH;
    let outStart = (plane * sizes.OUT_HEIGHT + outRow % sizes.OUT_HEIGHT) * sizes.OUT_WIDTH;
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var s4 = vec4f();
    for (var column = 0u; column < sizes.OUT_WIDTH; column += 4u) {
      let g = gradients(outStart, column);
      let left = i32(column * STRIDE) - i32(sizes.PAD_LEFT);
      let even = pixels(start, left, i32(STRIDE));
      s0 += g * even;
      if (STRIDE == 1u) {
        let next = vec2f(pixel(start, left + 4), pixel(start, left + 5));
        s1 += g * vec4f(even.yzw, next.x);
        s2 += g * vec4f(even.zw, next);
        if (KERNEL == 5u) {
          let last = vec2f(pixel(start, left + 6), pixel(start, left + 7));
          s3 += g * vec4f(even.w, next, last.x);
          s4 += g * vec4f(next, last);
        }
      } else {
        let odd = pixels(start, left + 1, 2);
        let next = pixel(start, left + 8);
        s1 += g * odd;
        s2 += g * vec4f(even.yzw, next);
        if (KERNEL == 5u) {
          let last = vec2f(pixel(start, left + 9), pixel(start, left + 10));
          s3 += g * vec4f(odd.yzw, last.x);
          s4 += g * vec4f(even.zw, next, last.y);
        }
      }
    }
    sum[0] += s0;
    sum[1] += s1;
    sum[2] += s2;
    sum[3] += s3;
    sum[4] += s4;
  }
  for (var v = 0u; v < KERNEL; v++) { dw[i * KERNEL + v] = dot(sum[v], vec4f(1.0)); }
}
