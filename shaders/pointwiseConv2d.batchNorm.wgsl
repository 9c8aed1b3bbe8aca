
// Put behind a pointwise convolution: a gate in front of it, and what comes after it.
//   z = slope[c] · sum + offset[c]      y = (SWISH ? z · sigmoid(z) : z) + (RESIDUAL ? residual : 0)
// Each of LEVELS runs of pixels has slopes and offsets of its own, the last one's also for what fills the planes up after it.
// A body that takes four pixels at a time needs runs that start at multiples of four.

override SWISH: bool;
override GATED: bool;
override RESIDUAL: bool;

struct Sizes {
  BATCH: u32,
  IN: u32,
  OUT: u32,
  PIXELS: u32,
  LEVELS: u32,
  END0: u32,
  END1: u32,
  END2: u32,
  END3: u32,
  END4: u32,
  END5: u32,
}

@group(0) @binding(4) var<storage, read> norm: array<vec2f>;      // [LEVELS, OUT] of slope and offset
@group(0) @binding(5) var<storage, read> gate: array<Pixels>;     // [BATCH, IN], or anything without GATED
@group(0) @binding(6) var<storage, read> residual: array<Pixels>; // as y, or anything without RESIDUAL
@group(0) @binding(7) var<uniform> sizes: Sizes;

fn gateAt(index: u32) -> Pixels { return gate[index]; }

// Where the norms of a pixel's run start.
fn firstNorm(pixel: u32) -> u32 {
  let near = vec3<bool>(pixel >= sizes.END0, pixel >= sizes.END1, pixel >= sizes.END2);
  let far = vec3<bool>(pixel >= sizes.END3, pixel >= sizes.END4, pixel >= sizes.END5);
  let ended = vec3u(near) + vec3u(far);
  return min(ended.x + ended.y + ended.z, sizes.LEVELS - 1u) * sizes.OUT;
}

fn finish(sum: Pixels, channel: u32, norms: u32, at: u32) -> Pixels {
  let n = norm[norms + channel];
  var z = n.x * sum + n.y;
  // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
  if (SWISH) { z /= 1.0 + exp(min(-z, Pixels(80.0))); }
  if (RESIDUAL) { z += residual[at]; }
  return z;
}
