// Depthwise convolution at stride 1 to an image of the same size, NCHW, for kernels of 3x3 and 5x5; with FLIPPED, taps in
// reverse order, which makes it the gradient of such a convolution with respect to its input.
//   y[i,j] = sum over taps (u,v) of w[c,u,v] · x[i + u − KERNEL/2, j + v − KERNEL/2]      within an image of channel c
// Taps outside the image count as zero. Put in front of depthwiseConv2d.wgsl and pyramidDepthwiseConv2d.wgsl, which say
// what the images are; convolution.bare.wgsl or convolution.batchNorm.wgsl behind says what comes after the sums.
//
// One invocation: a strip of rows x 8 outputs, from top to bottom. It loads its taps once and every line of pixels once,
// and adds the line to all the KERNEL rows of outputs that it meets: some 1.4 loads an output where a kernel without
// strips does 18. Each row of taps is summed by itself, then the rows in order.

override KERNEL: u32;
override FLIPPED: bool;
override WORKGROUP: u32;

alias Pixels = vec4f;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // images [batch, channels, …]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [channels, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // as x

// Where an image begins in x and in y.
struct Image { start: u32, height: u32, width: u32 }
// One row of taps.
struct Taps { first: vec3f, rest: vec2f }
// Eight neighbouring outputs of a row.
struct Eight { near: vec4f, far: vec4f }
// The pixels that eight neighbouring outputs meet: ten for a 3x3 kernel, twelve for a 5x5 one.
struct Line { near: vec4f, far: vec4f, after: vec4f }

fn taps(channel: u32, row: u32) -> Taps {
  let u = select(row, KERNEL - 1u - row, FLIPPED);
  let first = (channel * KERNEL + u) * KERNEL;
  let start = i32(select(first, first + KERNEL - 1u, FLIPPED));
  let step = select(1, -1, FLIPPED);
  let three = vec3f(weight[start], weight[start + step], weight[start + 2 * step]);
  if (KERNEL == 3u) { return Taps(three, vec2f()); }
  return Taps(three, vec2f(weight[start + 3 * step], weight[start + 4 * step]));
}

fn lastPixels(start: u32, c: Columns) -> vec4f {
  if (KERNEL == 5u) { return pixels(start, c); }
  return select(vec4f(), vec4f(x[start + c.at.x], x[start + c.at.y], 0.0, 0.0), c.inside);
}

// What one row of taps adds to four outputs.
fn slide(t: Taps, near: vec4f, far: vec4f) -> vec4f {
  let sum = t.first.x * near + t.first.y * vec4f(near.yzw, far.x) + t.first.z * vec4f(near.zw, far.xy);
  if (KERNEL == 3u) { return sum; }
  return sum + t.rest.x * vec4f(near.w, far.xyz) + t.rest.y * far;
}

fn add(sum: Eight, t: Taps, l: Line) -> Eight {
  return Eight(sum.near + slide(t, l.near, l.far), sum.far + slide(t, l.far, l.after));
}

// No branch for each pixel where there are four.
fn store(start: u32, v: vec4f, count: u32) {
  if (count >= 4u) {
    y[start] = v.x;
    y[start + 1u] = v.y;
    y[start + 2u] = v.z;
    y[start + 3u] = v.w;
  } else {
    if (count >= 1u) { y[start] = v.x; }
    if (count >= 2u) { y[start + 1u] = v.y; }
    if (count >= 3u) { y[start + 2u] = v.z; }
  }
}

// Rows of outputs from `top` to before `bottom`, at `column` and its seven right neighbours.
fn strip(image: Image, channel: u32, top: u32, bottom: u32, column: u32) {
  let width = image.width;
  let norm_ = normOf(channel);
  let t0 = taps(channel, 0u);
  let t1 = taps(channel, 1u);
  let t2 = taps(channel, 2u);
  var t3 = Taps();
  var t4 = Taps();
  if (KERNEL == 5u) {
    t3 = taps(channel, 3u);
    t4 = taps(channel, 4u);
  }
  let left = i32(column) - i32(KERNEL / 2u);
  let near = columns(left, width);
  let far = columns(left + 4, width);
  let after = columns(left + 8, width);
  // The sums of the rows of outputs that still lack a line, the one that lacks fewest first.
  var s1 = Eight();
  var s2 = Eight();
  var s3 = Eight();
  var s4 = Eight();
  for (var row = top; row < bottom + KERNEL - 1u; row++) {
    let lineRow = row - KERNEL / 2u; // rows above the image wrap to huge numbers
    var l = Line();
    if (lineRow < image.height) {
      let start = image.start + lineRow * width;
      l = Line(pixels(start, near), pixels(start, far), lastPixels(start, after));
    }
    var done = Eight();
    if (KERNEL == 3u) {
      done = add(s1, t2, l);
      s1 = add(s2, t1, l);
      s2 = add(Eight(), t0, l);
    } else {
      done = add(s1, t4, l);
      s1 = add(s2, t3, l);
      s2 = add(s3, t2, l);
      s3 = add(s4, t1, l);
      s4 = add(Eight(), t0, l);
    }
    if (row >= top + KERNEL - 1u) {
      let at = image.start + (row - (KERNEL - 1u)) * width + column;
      store(at, finish(done.near, norm_), width - column);
      if (column + 4u < width) { store(at + 4u, finish(done.far, norm_), width - column - 4u); }
    }
  }
}

