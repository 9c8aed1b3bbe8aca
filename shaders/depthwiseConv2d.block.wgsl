// Depthwise convolution at stride 1, NCHW, for kernels of 3x3 and 5x5; with FLIPPED, taps in reverse order, which makes it
// the gradient of such a convolution with respect to its input.
//   y[n,c,i,j] = sum over taps (u,v) of w[c,u,v] · x[n,c, i + u − PAD_TOP, j + v − PAD_LEFT]
// Taps outside the image count as zero.
//
// One invocation: a block of 4x4 outputs, whose rows of pixels are loaded once each: 36 pixels and 9 weights for 144
// multiply-adds of 3x3, where the row variant loads 108 and 36. Rows of taps are summed in order.

override KERNEL: u32;
override FLIPPED: bool;
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

// Eight neighbouring pixels of a row; six for a 3x3 kernel.
struct Line { near: vec4f, far: vec4f }
// One row of taps.
struct Taps { first: vec3f, rest: vec2f }

fn pixel(start: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(sizes.WIDTH);
  return select(0.0, x[start + u32(clamp(column, 0, i32(sizes.WIDTH) - 1))], inside);
}

fn line(plane: u32, row: i32, left: i32) -> Line {
  if (row < 0 || row >= i32(sizes.HEIGHT)) { return Line(); }
  let start = (plane * sizes.HEIGHT + u32(row)) * sizes.WIDTH;
  let near = vec4f(pixel(start, left), pixel(start, left + 1), pixel(start, left + 2), pixel(start, left + 3));
  var far = vec4f(pixel(start, left + 4), pixel(start, left + 5), 0.0, 0.0);
  if (KERNEL == 5u) { far = vec4f(far.xy, pixel(start, left + 6), pixel(start, left + 7)); }
  return Line(near, far);
}

fn taps(channel: u32, row: u32) -> Taps {
  let u = select(row, KERNEL - 1u - row, FLIPPED);
  let first = (channel * KERNEL + u) * KERNEL;
  let start = i32(select(first, first + KERNEL - 1u, FLIPPED));
  let step = select(1, -1, FLIPPED);
  let three = vec3f(weight[start], weight[start + step], weight[start + 2 * step]);
  if (KERNEL == 3u) { return Taps(three, vec2f()); }
  return Taps(three, vec2f(weight[start + 3 * step], weight[start + 4 * step]));
}

fn slide(t: Taps, l: Line) -> vec4f {
  let sum = t.first.x * l.near + t.first.y * vec4f(l.near.yzw, l.far.x) + t.first.z * vec4f(l.near.zw, l.far.xy);
  if (KERNEL == 3u) { return sum; }
  return sum + t.rest.x * vec4f(l.near.w, l.far.xyz) + t.rest.y * l.far;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let columns = (sizes.OUT_WIDTH + 3u) / 4u;
  let rows = (sizes.OUT_HEIGHT + 3u) / 4u;
  let plane = i / (rows * columns);
  if (plane >= sizes.PLANES) { return; }
  let outRow = i / columns % rows * 4u;
  let outColumn = i % columns * 4u;
  let top = i32(outRow) - i32(sizes.PAD_TOP);
  let left = i32(outColumn) - i32(sizes.PAD_LEFT);
  // Line k of pixels meets row of taps k − r of output row r, so each moves on by one output row a step.
  var l0 = line(plane, top, left);
  var l1 = line(plane, top + 1, left);
  var l2 = line(plane, top + 2, left);
  var l3 = line(plane, top + 3, left);
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  for (var u = 0u; u < KERNEL; u++) {
    let t = taps(plane % sizes.CHANNELS, u);
    y0 += slide(t, l0);
    y1 += slide(t, l1);
    y2 += slide(t, l2);
    y3 += slide(t, l3);
    l0 = l1;
    l1 = l2;
    l2 = l3;
    if (u + 1u < KERNEL) { l3 = line(plane, top + i32(u) + 4, left); }
  }
  let target_ = (plane * sizes.OUT_HEIGHT + outRow) * sizes.OUT_WIDTH + outColumn;
  let last = min(4u, sizes.OUT_WIDTH - outColumn);
  for (var k = 0u; k < last; k++) {
    let at = target_ + k;
    y[at] = y0[k];
    if (outRow + 1u < sizes.OUT_HEIGHT) { y[at + sizes.OUT_WIDTH] = y1[k]; }
    if (outRow + 2u < sizes.OUT_HEIGHT) { y[at + 2u * sizes.OUT_WIDTH] = y2[k]; }
    if (outRow + 3u < sizes.OUT_HEIGHT) { y[at + 3u * sizes.OUT_WIDTH] = y3[k]; }
  }
}
