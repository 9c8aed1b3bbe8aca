// Mean of every plane of x, and the sum of its squared differences from it:  moments[n,c] = (mean, squares)
// The first of two stages of batch statistics, for channels too large for one unit. One unit: one plane.

struct Sizes {
  PLANES: u32,
  PIXELS: u32,
}

// @binding(0) x [PLANES, PIXELS] is declared by moments.wgsl.
@group(0) @binding(1) var<storage, read_write> moments: array<vec2f>; // [PLANES]
@group(0) @binding(2) var<uniform> sizes: Sizes;

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.PLANES) { return; }
  let start = plane * sizes.PIXELS;
  let joined = joinLanes(addValues(Moments(), start, start + sizes.PIXELS, lane, lanes), lane);
  if (lane == 0u) { moments[plane] = vec2f(joined.sum / joined.count, joined.squares); }
}
