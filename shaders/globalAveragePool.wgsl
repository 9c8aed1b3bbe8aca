// Means of planes, NCHW: y[n,c] = sum of x[n,c,p] / PIXELS.
// One unit: one plane. A lane sums the pixels lane, lane + lanes, …, BLOCK of them apart.

struct Sizes {
  PLANES: u32, // batch · channels
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [PLANES, PIXELS]
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // [PLANES]
@group(0) @binding(2) var<uniform> sizes: Sizes;

// Rounding grows with BLOCK and with the number of blocks, not with their product.
const BLOCK = 16u;

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.PLANES) { return; }
  var sum = 0.0;
  for (var start = 0u; start < sizes.PIXELS; start += BLOCK * lanes) {
    let end = plane * sizes.PIXELS + min(start + BLOCK * lanes, sizes.PIXELS);
    var block = 0.0;
    for (var p = plane * sizes.PIXELS + start + lane; p < end; p += lanes) { block += x[p]; }
    sum += block;
  }
  let total = sumOverLanes(vec4f(sum, 0.0, 0.0, 0.0), lane).x;
  if (lane == 0u) { y[plane] = total / f32(sizes.PIXELS); }
}
