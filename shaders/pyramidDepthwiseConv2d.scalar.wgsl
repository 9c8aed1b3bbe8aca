
// Put behind the convolution of a packed pyramid: pixels one by one, for levels of any width.

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [CHANNELS, 1, 3, 3]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [batch, CHANNELS, PIXELS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

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
