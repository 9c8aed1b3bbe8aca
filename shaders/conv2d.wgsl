// Convolution, NCHW, for kernels of 3x3 at stride 1 and 2. Meant for the stem, whose input has one to three channels.
//   y[n,o,i,j] = sum over c and taps (u,v) of w[o,c,u,v] · x[n,c, i·STRIDE + u − PAD_TOP, j·STRIDE + v − PAD_LEFT]
// Taps outside the image count as zero.
//
// One invocation: four neighbouring outputs of four filters, which share the pixels they load: 63 loads for 144
// multiply-adds a channel, where the plain rung loads 288. FILTERS must be a multiple of 4. Input channels are summed in
// order, taps in row-major order.

override STRIDE: u32;
override WORKGROUP: u32;

alias Pixels = vec4f;

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
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [FILTERS, CHANNELS, 3, 3]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [BATCH, FILTERS, OUT_HEIGHT, OUT_WIDTH]

// What the three taps of a row meet at four neighbouring outputs.
struct Row { first: vec4f, second: vec4f, third: vec4f }

fn pixel(start: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(sizes.WIDTH);
  return select(0.0, x[start + u32(clamp(column, 0, i32(sizes.WIDTH) - 1))], inside);
}

fn row(start: u32, left: i32) -> Row {
  let a = vec4f(pixel(start, left), pixel(start, left + 1), pixel(start, left + 2), pixel(start, left + 3));
  let b = vec2f(pixel(start, left + 4), pixel(start, left + 5));
  if (STRIDE == 1u) { return Row(a, vec4f(a.yzw, b.x), vec4f(a.zw, b)); }
  let c = vec3f(pixel(start, left + 6), pixel(start, left + 7), pixel(start, left + 8));
  return Row(vec4f(a.x, a.z, b.x, c.x), vec4f(a.y, a.w, b.y, c.y), vec4f(a.z, b.x, c.x, c.z));
}

fn slide(r: Row, w: u32) -> vec4f {
  return weight[w] * r.first + weight[w + 1u] * r.second + weight[w + 2u] * r.third;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.OUT_WIDTH + 3u) / 4u;
  let sample = i / (quads * sizes.OUT_HEIGHT * (sizes.FILTERS / 4u));
  if (sample >= sizes.BATCH) { return; }
  let outColumn = i % quads * 4u;
  let outRow = i / quads % sizes.OUT_HEIGHT;
  let filter_ = i / (quads * sizes.OUT_HEIGHT) % (sizes.FILTERS / 4u) * 4u;
  let left = i32(outColumn * STRIDE) - i32(sizes.PAD_LEFT);
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  for (var channel = 0u; channel < sizes.CHANNELS; channel++) {
    for (var u = 0u; u < 3u; u++) {
      let inRow = i32(outRow * STRIDE + u) - i32(sizes.PAD_TOP);
      if (inRow < 0 || inRow >= i32(sizes.HEIGHT)) { continue; }
      let r = row(((sample * sizes.CHANNELS + channel) * sizes.HEIGHT + u32(inRow)) * sizes.WIDTH, left);
      let w = (filter_ * sizes.CHANNELS + channel) * 9u + u * 3u;
      y0 += slide(r, w);
      y1 += slide(r, w + sizes.CHANNELS * 9u);
      y2 += slide(r, w + 2u * sizes.CHANNELS * 9u);
      y3 += slide(r, w + 3u * sizes.CHANNELS * 9u);
    }
  }
  y0 = finish(y0, normOf(filter_));
  y1 = finish(y1, normOf(filter_ + 1u));
  y2 = finish(y2, normOf(filter_ + 2u));
  y3 = finish(y3, normOf(filter_ + 3u));
  let plane = sizes.OUT_HEIGHT * sizes.OUT_WIDTH;
  let target_ = (sample * sizes.FILTERS + filter_) * plane + outRow * sizes.OUT_WIDTH + outColumn;
  for (var k = 0u; k < min(4u, sizes.OUT_WIDTH - outColumn); k++) {
    y[target_ + k] = y0[k];
    y[target_ + plane + k] = y1[k];
    y[target_ + 2u * plane + k] = y2[k];
    y[target_ + 3u * plane + k] = y3[k];
  }
}
