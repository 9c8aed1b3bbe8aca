// Gradient of the depthwise convolution at stride 2 with respect to its input, NCHW, for kernels of 3x3 and 5x5, gathered
// so that each element is written once. At stride 1 it is such a convolution itself: see depthwiseConv2d.
//   dx[n,c,y,x] = sum over taps (u,v) of w[c,u,v] · dy[n,c,i,j]  where  y = 2·i + u − PAD_TOP, x = 2·j + v − PAD_LEFT
//
// One invocation: a strip of 2·ROWS x 8 pixels, from top to bottom, in pairs of rows. Of two neighbouring rows one meets
// the even rows of taps only, the other the odd ones, and of two columns likewise. Each line of dy is loaded once: some
// 0.4 loads a pixel. Each row of taps is summed by itself, then the rows in order.

override KERNEL: u32;
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
  ROWS: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;       // [batch, CHANNELS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;   // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(3) var<uniform> sizes: Sizes;

// One row of taps: even ones (the third is 0 for 3x3) and odd ones.
struct Taps { even: vec3f, odd: vec2f }
// Six neighbouring gradients of a row, of which 3x3 leaves the first out.
struct Line { near: vec2f, far: vec4f }
// What eight neighbouring pixels take from a line: those that meet even taps, and odd ones.
struct Eight { even: vec4f, odd: vec4f }

fn taps(channel: u32, row: u32) -> Taps {
  let w = (channel * KERNEL + row) * KERNEL;
  let three = vec3f(weight[w], weight[w + 1u], weight[w + 2u]);
  if (KERNEL == 3u) { return Taps(vec3f(three.xz, 0.0), vec2f(three.y, 0.0)); }
  return Taps(vec3f(three.xz, weight[w + 4u]), vec2f(three.y, weight[w + 3u]));
}

fn line(start: u32, at: array<u32, 6>, inside: array<bool, 6>) -> Line {
  var first = 0.0;
  if (KERNEL == 5u) { first = select(0.0, dy[start + at[0]], inside[0]); }
  return Line(vec2f(first, select(0.0, dy[start + at[1]], inside[1])),
              vec4f(select(0.0, dy[start + at[2]], inside[2]), select(0.0, dy[start + at[3]], inside[3]),
                    select(0.0, dy[start + at[4]], inside[4]), select(0.0, dy[start + at[5]], inside[5])));
}

// Pixels that meet even taps lie at the last four gradients, or one after them; those that meet odd taps at the last
// four, or with an odd padding one before.
fn slide(t: Taps, l: Line, oddPadding: bool) -> Eight {
  let last = l.far;
  let middle = vec4f(l.near.y, l.far.xyz);
  let first = vec4f(l.near, l.far.xy);
  var even = t.even.x * last + t.even.y * middle;
  var odd = t.odd.x * select(last, middle, oddPadding);
  if (KERNEL == 5u) {
    even += t.even.z * first;
    odd += t.odd.y * select(middle, first, oddPadding);
  }
  return Eight(even, odd);
}

fn sum2(a: Eight, b: Eight) -> Eight { return Eight(a.even + b.even, a.odd + b.odd); }

fn choose(a: Line, b: Line, second: bool) -> Line {
  return Line(select(a.near, b.near, second), select(a.far, b.far, second));
}

fn store(at: u32, v: Eight, count: u32, oddPadding: bool) {
  let p = select(v.even, v.odd, oddPadding);
  let q = select(v.odd, v.even, oddPadding);
  if (count >= 8u) {
    dx[at] = p.x;
    dx[at + 1u] = q.x;
    dx[at + 2u] = p.y;
    dx[at + 3u] = q.y;
    dx[at + 4u] = p.z;
    dx[at + 5u] = q.z;
    dx[at + 6u] = p.w;
    dx[at + 7u] = q.w;
  } else {
    dx[at] = p.x;
    if (count >= 2u) { dx[at + 1u] = q.x; }
    if (count >= 3u) { dx[at + 2u] = p.y; }
    if (count >= 4u) { dx[at + 3u] = q.y; }
    if (count >= 5u) { dx[at + 4u] = p.z; }
    if (count >= 6u) { dx[at + 5u] = q.z; }
    if (count >= 7u) { dx[at + 6u] = p.w; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let across = (sizes.WIDTH + 7u) / 8u;
  let pairs = (sizes.HEIGHT + 1u) / 2u;
  let strips = (pairs + sizes.ROWS - 1u) / sizes.ROWS;
  let plane = i / across / strips;
  if (plane >= sizes.PLANES) { return; }
  let column = i % across * 8u;
  let top = i / across % strips * sizes.ROWS;
  let bottom = min(top + sizes.ROWS, pairs);
  let channel = plane % sizes.CHANNELS;
  let t0 = taps(channel, 0u);
  let t1 = taps(channel, 1u);
  let t2 = taps(channel, 2u);
  var t3 = Taps();
  var t4 = Taps();
  if (KERNEL == 5u) {
    t3 = taps(channel, 3u);
    t4 = taps(channel, 4u);
  }
  let oddTop = sizes.PAD_TOP % 2u == 1u;
  let oddLeft = sizes.PAD_LEFT % 2u == 1u;
  var at: array<u32, 6>;
  var inside: array<bool, 6>;
  let left = (column + sizes.PAD_LEFT + 1u) / 2u - 2u; // columns left of the image wrap to huge numbers
  for (var k = 0u; k < 6u; k++) {
    at[k] = min(left + k, sizes.OUT_WIDTH - 1u);
    inside[k] = left + k < sizes.OUT_WIDTH;
  }
  let carried = KERNEL / 2u; // lines that a pair of rows shares with the one before
  var l1 = Line();
  var l2 = Line();
  for (var pair = top; pair < bottom + carried; pair++) {
    let row = pair + (sizes.PAD_TOP + 1u) / 2u - carried;
    var l0 = Line();
    if (row < sizes.OUT_HEIGHT) { l0 = line((plane * sizes.OUT_HEIGHT + row) * sizes.OUT_WIDTH, at, inside); }
    if (pair >= top + carried) {
      var even = sum2(slide(t0, l0, oddLeft), slide(t2, l1, oddLeft));
      var odd = slide(t1, choose(l0, l1, oddTop), oddLeft);
      if (KERNEL == 5u) {
        even = sum2(even, slide(t4, l2, oddLeft));
        odd = sum2(odd, slide(t3, choose(l1, l2, oddTop), oddLeft));
      }
      let y = (pair - carried) * 2u;
      let start = (plane * sizes.HEIGHT + y) * sizes.WIDTH + column;
      let evenRow = select(0u, 1u, oddTop);
      if (y + evenRow < sizes.HEIGHT) { store(start + evenRow * sizes.WIDTH, even, sizes.WIDTH - column, oddLeft); }
      if (y + 1u - evenRow < sizes.HEIGHT) { store(start + (1u - evenRow) * sizes.WIDTH, odd, sizes.WIDTH - column, oddLeft); }
    }
    l2 = l1;
    l1 = l0;
  }
}
