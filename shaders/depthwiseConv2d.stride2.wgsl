// Depthwise convolution at stride 2, NCHW, for kernels of 3x3 and 5x5.
//   y[n,c,i,j] = sum over taps (u,v) of w[c,u,v] · x[n,c, 2·i + u − PAD_TOP, 2·j + v − PAD_LEFT]
// Taps outside the image count as zero.
//
// One invocation: a strip of ROWS x 4 outputs, from top to bottom. It loads its taps once and every line of pixels once,
// and adds the line to the rows of outputs that it meets. Each row of taps is summed by itself, then the rows in order.

override KERNEL: u32;
override WORKGROUP: u32;

alias Pixels = vec4f;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
  ROWS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [batch, CHANNELS, OUT_HEIGHT, OUT_WIDTH]

// One row of taps.
struct Taps { first: vec3f, rest: vec2f }
// The pixels that the first and the second tap of a row meet at four outputs, and the three after them.
struct Line { even: vec4f, odd: vec4f, after: vec3f }

fn taps(channel: u32, row: u32) -> Taps {
  let w = (channel * KERNEL + row) * KERNEL;
  let three = vec3f(weight[w], weight[w + 1u], weight[w + 2u]);
  if (KERNEL == 3u) { return Taps(three, vec2f()); }
  return Taps(three, vec2f(weight[w + 3u], weight[w + 4u]));
}

fn line(start: u32, c0: Columns, c1: Columns, c2: Columns) -> Line {
  let p = pixels(start, c0);
  let q = pixels(start, c1);
  var after = vec3f(select(0.0, x[start + c2.at.x], c2.inside.x), 0.0, 0.0);
  if (KERNEL == 5u) { after = vec3f(after.x, select(vec2f(), vec2f(x[start + c2.at.y], x[start + c2.at.z]), c2.inside.yz)); }
  return Line(vec4f(p.xz, q.xz), vec4f(p.yw, q.yw), after);
}

fn slide(t: Taps, l: Line) -> vec4f {
  let sum = t.first.x * l.even + t.first.y * l.odd + t.first.z * vec4f(l.even.yzw, l.after.x);
  if (KERNEL == 3u) { return sum; }
  return sum + t.rest.x * vec4f(l.odd.yzw, l.after.y) + t.rest.y * vec4f(l.even.zw, l.after.xz);
}

// No branch for each pixel where there are four.
fn store(at: u32, v: vec4f, count: u32) {
  if (count >= 4u) {
    y[at] = v.x;
    y[at + 1u] = v.y;
    y[at + 2u] = v.z;
    y[at + 3u] = v.w;
  } else {
    if (count >= 1u) { y[at] = v.x; }
    if (count >= 2u) { y[at + 1u] = v.y; }
    if (count >= 3u) { y[at + 2u] = v.z; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let across = (sizes.OUT_WIDTH + 3u) / 4u;
  let strips = (sizes.OUT_HEIGHT + sizes.ROWS - 1u) / sizes.ROWS;
  let plane = i / across / strips;
  if (plane >= sizes.PLANES) { return; }
  let outColumn = i % across * 4u;
  let top = i / across % strips * sizes.ROWS;
  let bottom = min(top + sizes.ROWS, sizes.OUT_HEIGHT);
  let channel = plane % sizes.CHANNELS;
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
  let left = i32(outColumn * 2u) - i32(sizes.PAD_LEFT);
  let c0 = columns(left, sizes.WIDTH);
  let c1 = columns(left + 4, sizes.WIDTH);
  let c2 = columns(left + 8, sizes.WIDTH);
  let carried = KERNEL / 2u; // rows of outputs that a pair of lines leaves unfinished
  var s1 = vec4f();
  var s2 = vec4f();
  for (var outRow = top; outRow < bottom + carried; outRow++) {
    let row = outRow * 2u - sizes.PAD_TOP; // rows above the image wrap to huge numbers
    var even = Line();
    var odd = Line();
    if (row < sizes.HEIGHT) { even = line((plane * sizes.HEIGHT + row) * sizes.WIDTH, c0, c1, c2); }
    if (row + 1u < sizes.HEIGHT) { odd = line((plane * sizes.HEIGHT + row + 1u) * sizes.WIDTH, c0, c1, c2); }
    var done = vec4f();
    if (KERNEL == 3u) {
      done = s1 + slide(t2, even);
      s1 = slide(t0, even) + slide(t1, odd);
    } else {
      done = s1 + slide(t4, even);
      s1 = s2 + slide(t2, even) + slide(t3, odd);
      s2 = slide(t0, even) + slide(t1, odd);
    }
    if (outRow >= top + carried) {
      let at = (plane * sizes.OUT_HEIGHT + outRow - carried) * sizes.OUT_WIDTH + outColumn;
      store(at, finish(done, norm_), sizes.OUT_WIDTH - outColumn);
    }
  }
}
