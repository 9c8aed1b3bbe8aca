
// Put behind the convolution of a packed pyramid: pixels four at a time, for levels whose widths, and PIXELS, are multiples of
// four: three loads a line where one by one there are six, and one store for four.

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [batch, CHANNELS, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [CHANNELS, 1, 3, 3]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [batch, CHANNELS, PIXELS / 4]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn line(start: u32, level: Level, row: i32, left: i32) -> Line {
  if (row < 0 || row >= i32(level.height)) { return Line(); }
  let column = u32(left + 1);
  let at = (start + u32(row) * level.width + column) / 4u;
  let first = column == 0u;
  let last = column + 4u >= level.width;
  let before = select(x[select(at - 1u, at, first)].w, 0.0, first);
  let after = select(x[select(at + 1u, at, last)].x, 0.0, last);
  let here = x[at];
  return Line(vec4f(before, here.xyz), vec2f(here.w, after));
}

fn store(at: u32, v: vec4f, count: u32) { y[at / 4u] = v; }
