// Gradient of the depthwise convolution with respect to its weight, NCHW, for kernels of 3x3 and 5x5 at stride 1 and 2:
// partial sums of ROWS consecutive rows of outputs each, those of one sample after those of another.
//   partial[s,c,u,v] = sum over the outputs (n,i,j) of split s of dy[n,c,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
//
// One invocation: all taps of one channel in one split, without a barrier. It walks down columns of four outputs and
// loads every line of x and of dy once: a line of x meets the last KERNEL / STRIDE lines of dy. Four outputs of a line are
// added first, then lines from top to bottom, then columns of four, then samples.

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
  SPLITS: u32,
  ROWS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // [BATCH, CHANNELS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(3) var<uniform> sizes: Sizes;

// Columns of four elements, moved into the image, and which of them were there.
struct Columns { at: vec4u, inside: vec4<bool> }
// What the five taps of a row meet at four neighbouring outputs.
struct Line { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f }
// The sums of a row of taps.
struct Taps { first: vec3f, rest: vec2f }

fn columns(first: i32, width: u32) -> Columns {
  let wanted = first + vec4i(0, 1, 2, 3);
  let at = clamp(wanted, vec4i(), vec4i(i32(width) - 1));
  return Columns(vec4u(at), at == wanted);
}

fn pixels(start: u32, c: Columns) -> vec4f {
  let at = start + c.at;
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), c.inside);
}

// As many of four pixels as a line needs after the others: one to three at stride 2, none or two at stride 1.
fn lastPixels(start: u32, c: Columns) -> vec4f {
  var p = vec4f();
  if (STRIDE == 2u) { p.x = x[start + c.at.x]; }
  if (STRIDE == 2u && KERNEL == 5u) {
    p.y = x[start + c.at.y];
    p.z = x[start + c.at.z];
  }
  return select(vec4f(), p, c.inside);
}

fn line(start: u32, c0: Columns, c1: Columns, c2: Columns) -> Line {
  let p = pixels(start, c0);
  if (STRIDE == 1u) {
    var q = vec4f(x[start + c1.at.x], x[start + c1.at.y], 0.0, 0.0);
    if (KERNEL == 5u) { q = vec4f(q.xy, x[start + c1.at.z], x[start + c1.at.w]); }
    q = select(vec4f(), q, c1.inside);
    return Line(p, vec4f(p.yzw, q.x), vec4f(p.zw, q.xy), vec4f(p.w, q.xyz), q);
  }
  let q = pixels(start, c1);
  let r = lastPixels(start, c2);
  let even = vec4f(p.xz, q.xz);
  let odd = vec4f(p.yw, q.yw);
  return Line(even, odd, vec4f(even.yzw, r.x), vec4f(odd.yzw, r.y), vec4f(even.zw, r.xz));
}

fn meet(sum: Taps, g: vec4f, l: Line) -> Taps {
  let first = sum.first + vec3f(dot(g, l.v0), dot(g, l.v1), dot(g, l.v2));
  if (KERNEL == 3u) { return Taps(first, vec2f()); }
  return Taps(first, sum.rest + vec2f(dot(g, l.v3), dot(g, l.v4)));
}

fn write(at: u32, row: u32, sum: Taps) {
  let start = at + row * KERNEL;
  partial[start] = sum.first.x;
  partial[start + 1u] = sum.first.y;
  partial[start + 2u] = sum.first.z;
  if (KERNEL == 5u) {
    partial[start + 3u] = sum.rest.x;
    partial[start + 4u] = sum.rest.y;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.SPLITS * sizes.CHANNELS) { return; }
  let channel = i % sizes.CHANNELS;
  let firstRow = i / sizes.CHANNELS * sizes.ROWS; // of all samples' rows
  let lastRow = min(firstRow + sizes.ROWS, sizes.BATCH * sizes.OUT_HEIGHT);
  var sum0 = Taps();
  var sum1 = Taps();
  var sum2 = Taps();
  var sum3 = Taps();
  var sum4 = Taps();
  let carried = (KERNEL - 1u) / STRIDE; // lines of dy that a step's lines of x meet besides its own
  for (var sample = firstRow / sizes.OUT_HEIGHT; sample * sizes.OUT_HEIGHT < lastRow; sample++) {
    let plane = sample * sizes.CHANNELS + channel;
    let top = max(firstRow, sample * sizes.OUT_HEIGHT) - sample * sizes.OUT_HEIGHT;
    let bottom = min(lastRow - sample * sizes.OUT_HEIGHT, sizes.OUT_HEIGHT);
    for (var outColumn = 0u; outColumn < sizes.OUT_WIDTH; outColumn += 4u) {
      let outputs = columns(i32(outColumn), sizes.OUT_WIDTH);
      let left = i32(outColumn * STRIDE) - i32(sizes.PAD_LEFT);
      let c0 = columns(left, sizes.WIDTH);
      let c1 = columns(left + 4, sizes.WIDTH);
      let c2 = columns(left + 8, sizes.WIDTH);
      var g1 = vec4f();
      var g2 = vec4f();
      var g3 = vec4f();
      var g4 = vec4f();
      for (var outRow = top; outRow < bottom + carried; outRow++) {
        var g0 = vec4f();
        if (outRow < bottom) {
          let at = (plane * sizes.OUT_HEIGHT + outRow) * sizes.OUT_WIDTH + outputs.at;
          g0 = select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), outputs.inside);
        }
        let row = outRow * STRIDE - sizes.PAD_TOP; // rows above the image wrap to huge numbers
        if (row < sizes.HEIGHT) {
          let l = line((plane * sizes.HEIGHT + row) * sizes.WIDTH, c0, c1, c2);
          sum0 = meet(sum0, g0, l);
          if (STRIDE == 1u) {
            sum1 = meet(sum1, g1, l);
            sum2 = meet(sum2, g2, l);
            if (KERNEL == 5u) {
              sum3 = meet(sum3, g3, l);
              sum4 = meet(sum4, g4, l);
            }
          } else {
            sum2 = meet(sum2, g1, l);
            if (KERNEL == 5u) { sum4 = meet(sum4, g2, l); }
          }
        }
        if (STRIDE == 2u && row + 1u < sizes.HEIGHT) {
          let l = line((plane * sizes.HEIGHT + row + 1u) * sizes.WIDTH, c0, c1, c2);
          sum1 = meet(sum1, g0, l);
          if (KERNEL == 5u) { sum3 = meet(sum3, g1, l); }
        }
        g4 = g3;
        g3 = g2;
        g2 = g1;
        g1 = g0;
      }
    }
  }
  let at = i * KERNEL * KERNEL;
  write(at, 0u, sum0);
  write(at, 1u, sum1);
  write(at, 2u, sum2);
  if (KERNEL == 5u) {
    write(at, 3u, sum3);
    write(at, 4u, sum4);
  }
}
