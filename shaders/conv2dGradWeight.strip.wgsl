// Gradient of the convolution with respect to its weight, NCHW, for kernels of 3x3 at stride 1 and 2: partial sums of ROWS
// consecutive rows of outputs each, those of one sample after those of another.
//   partial[s,o,c,u,v] = sum over the outputs (n,i,j) of split s of dy[n,o,i,j] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
//
// The rung for software. One invocation: the nine taps of one filter and one input channel in one split. Neighbouring
// invocations have neighbouring filters, so that they load the same pixels, which lavapipe then loads once. It walks down
// columns of four outputs and loads every line of x and of dy once. Four outputs of a line are added first, then lines
// from top to bottom, then columns of four, then samples.

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

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [splits, FILTERS, CHANNELS, 3, 3]
@group(0) @binding(3) var<uniform> sizes: Sizes;

// What the three taps of a row meet at four neighbouring outputs.
struct Line { first: vec4f, second: vec4f, third: vec4f }

fn line(start: u32, c0: Columns, c1: Columns, c2: Columns) -> Line {
  let p = pixels(start, c0);
  if (STRIDE == 1u) {
    let q = select(vec2f(), vec2f(x[start + c1.at.x], x[start + c1.at.y]), c1.inside.xy);
    return Line(p, vec4f(p.yzw, q.x), vec4f(p.zw, q));
  }
  let q = pixels(start, c1);
  let last = select(0.0, x[start + c2.at.x], c2.inside.x);
  return Line(vec4f(p.xz, q.xz), vec4f(p.yw, q.yw), vec4f(p.z, q.xz, last));
}

fn meet(g: vec4f, l: Line) -> vec3f { return vec3f(dot(g, l.first), dot(g, l.second), dot(g, l.third)); }

fn write(at: u32, sums: vec3f) {
  partial[at] = sums.x;
  partial[at + 1u] = sums.y;
  partial[at + 2u] = sums.z;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let filter_ = group.x * WORKGROUP + local;
  if (filter_ >= sizes.FILTERS) { return; }
  let channel = group.y;
  let firstRow = group.z * sizes.ROWS; // of all samples' rows
  let lastRow = min(firstRow + sizes.ROWS, sizes.BATCH * sizes.OUT_HEIGHT);
  var sum0 = vec3f();
  var sum1 = vec3f();
  var sum2 = vec3f();
  let carried = 2u / STRIDE; // lines of dy that a step's lines of x meet besides its own
  for (var sample = firstRow / sizes.OUT_HEIGHT; sample * sizes.OUT_HEIGHT < lastRow; sample++) {
    let inputs = (sample * sizes.CHANNELS + channel) * sizes.HEIGHT;
    let outputs = (sample * sizes.FILTERS + filter_) * sizes.OUT_HEIGHT;
    let top = max(firstRow, sample * sizes.OUT_HEIGHT) - sample * sizes.OUT_HEIGHT;
    let bottom = min(lastRow - sample * sizes.OUT_HEIGHT, sizes.OUT_HEIGHT);
    for (var outColumn = 0u; outColumn < sizes.OUT_WIDTH; outColumn += 4u) {
      let outColumns = columns(i32(outColumn), sizes.OUT_WIDTH);
      let left = i32(outColumn * STRIDE) - i32(sizes.PAD_LEFT);
      let c0 = columns(left, sizes.WIDTH);
      let c1 = columns(left + 4, sizes.WIDTH);
      let c2 = columns(left + 8, sizes.WIDTH);
      var g1 = vec4f();
      var g2 = vec4f();
      for (var outRow = top; outRow < bottom + carried; outRow++) {
        var g0 = vec4f();
        if (outRow < bottom) {
          let at = (outputs + outRow) * sizes.OUT_WIDTH + outColumns.at;
          g0 = select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), outColumns.inside);
        }
        let row = outRow * STRIDE - sizes.PAD_TOP; // rows above the image wrap to huge numbers
        if (row < sizes.HEIGHT) {
          let l = line((inputs + row) * sizes.WIDTH, c0, c1, c2);
          sum0 += meet(g0, l);
          if (STRIDE == 1u) { sum1 += meet(g1, l); }
          sum2 += meet(select(g1, g2, STRIDE == 1u), l);
        }
        if (STRIDE == 2u && row + 1u < sizes.HEIGHT) {
          sum1 += meet(g0, line((inputs + row + 1u) * sizes.WIDTH, c0, c1, c2));
        }
        g2 = g1;
        g1 = g0;
      }
    }
  }
  let at = ((group.z * sizes.FILTERS + filter_) * sizes.CHANNELS + channel) * 9u;
  write(at, sum0);
  write(at + 3u, sum1);
  write(at + 6u, sum2);
}
