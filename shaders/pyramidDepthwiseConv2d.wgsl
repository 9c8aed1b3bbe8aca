// Depthwise 3x3 convolution at stride 1 of every level of a packed pyramid, the same weights for all; with FLIPPED, taps in
// reverse order, which makes it the gradient with respect to its input.
//   y[n,c,i,j] = sum over taps (u,v) of w[c,u,v] · x[n,c, i + u − 1, j + v − 1]      within each level
// Taps outside a level count as zero; what fills the rows up to PIXELS becomes zero. One invocation: a block of 4x4 outputs
// of one level, whose pixels are loaded once each. The blocks of a plane are numbered level after level, those of level k
// from FIRST_k (beyond all blocks where there is no such level); the last block is the filling. Rows of taps are summed in order.

override FLIPPED: bool;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32, // of all levels, and the filling
  BLOCKS: u32, // of all levels, and one for the filling
  FILLING: u32, // the filling's first pixel
  START0: u32, // the level's first pixel
  FIRST0: u32, // the level's first block
  HEIGHT0: u32,
  WIDTH0: u32,
  START1: u32,
  FIRST1: u32,
  HEIGHT1: u32,
  WIDTH1: u32,
  START2: u32,
  FIRST2: u32,
  HEIGHT2: u32,
  WIDTH2: u32,
  START3: u32,
  FIRST3: u32,
  HEIGHT3: u32,
  WIDTH3: u32,
  START4: u32,
  FIRST4: u32,
  HEIGHT4: u32,
  WIDTH4: u32,
  START5: u32,
  FIRST5: u32,
  HEIGHT5: u32,
  WIDTH5: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [CHANNELS, 1, 3, 3]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

struct Level { start: u32, first: u32, height: u32, width: u32 }

fn levelOf(block: u32) -> Level {
  if (block >= sizes.FIRST5) { return Level(sizes.START5, sizes.FIRST5, sizes.HEIGHT5, sizes.WIDTH5); }
  if (block >= sizes.FIRST4) { return Level(sizes.START4, sizes.FIRST4, sizes.HEIGHT4, sizes.WIDTH4); }
  if (block >= sizes.FIRST3) { return Level(sizes.START3, sizes.FIRST3, sizes.HEIGHT3, sizes.WIDTH3); }
  if (block >= sizes.FIRST2) { return Level(sizes.START2, sizes.FIRST2, sizes.HEIGHT2, sizes.WIDTH2); }
  if (block >= sizes.FIRST1) { return Level(sizes.START1, sizes.FIRST1, sizes.HEIGHT1, sizes.WIDTH1); }
  return Level(sizes.START0, sizes.FIRST0, sizes.HEIGHT0, sizes.WIDTH0);
}

// Six neighbouring pixels of a row.
struct Line { near: vec4f, far: vec2f }

fn pixel(start: u32, width: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(width);
  return select(0.0, x[start + u32(clamp(column, 0, i32(width) - 1))], inside);
}

fn line(start: u32, level: Level, row: i32, left: i32) -> Line {
  if (row < 0 || row >= i32(level.height)) { return Line(); }
  let at = start + u32(row) * level.width;
  return Line(
    vec4f(pixel(at, level.width, left), pixel(at, level.width, left + 1),
          pixel(at, level.width, left + 2), pixel(at, level.width, left + 3)),
    vec2f(pixel(at, level.width, left + 4), pixel(at, level.width, left + 5)));
}

fn taps(channel: u32, row: u32) -> vec3f {
  let at = channel * 9u + row * 3u;
  if (FLIPPED) { return vec3f(weight[channel * 9u + 8u - row * 3u], weight[channel * 9u + 7u - row * 3u], weight[channel * 9u + 6u - row * 3u]); }
  return vec3f(weight[at], weight[at + 1u], weight[at + 2u]);
}

fn slide(t: vec3f, l: Line) -> vec4f {
  return t.x * l.near + t.y * vec4f(l.near.yzw, l.far.x) + t.z * vec4f(l.near.zw, l.far);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let plane = i / sizes.BLOCKS;
  if (plane >= sizes.PLANES) { return; }
  let block = i % sizes.BLOCKS;
  if (block == sizes.BLOCKS - 1u) {
    for (var k = sizes.FILLING; k < sizes.PIXELS; k++) { y[plane * sizes.PIXELS + k] = 0.0; }
    return;
  }
  let level = levelOf(block);
  let columns = (level.width + 3u) / 4u;
  let outRow = (block - level.first) / columns * 4u;
  let outColumn = (block - level.first) % columns * 4u;
  let top = i32(outRow) - 1;
  let left = i32(outColumn) - 1;
  let start = plane * sizes.PIXELS + level.start;
  // Line k of pixels meets row of taps k − r of output row r, so each moves on by one output row a step.
  var l0 = line(start, level, top, left);
  var l1 = line(start, level, top + 1, left);
  var l2 = line(start, level, top + 2, left);
  var l3 = line(start, level, top + 3, left);
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  for (var u = 0u; u < 3u; u++) {
    let t = taps(plane % sizes.CHANNELS, u);
    y0 += slide(t, l0);
    y1 += slide(t, l1);
    y2 += slide(t, l2);
    y3 += slide(t, l3);
    l0 = l1;
    l1 = l2;
    l2 = l3;
    if (u < 2u) { l3 = line(start, level, top + i32(u) + 4, left); }
  }
  let target_ = start + outRow * level.width + outColumn;
  for (var k = 0u; k < min(4u, level.width - outColumn); k++) {
    let at = target_ + k;
    y[at] = y0[k];
    if (outRow + 1u < level.height) { y[at + level.width] = y1[k]; }
    if (outRow + 2u < level.height) { y[at + 2u * level.width] = y2[k]; }
    if (outRow + 3u < level.height) { y[at + 3u * level.width] = y3[k]; }
  }
}
