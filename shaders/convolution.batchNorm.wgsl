
// Put behind a convolution: what comes after it.
//   z = slope[c] · sum + offset[c]      y = SWISH ? z · sigmoid(z) : z

override SWISH: bool;

@group(0) @binding(3) var<storage, read> norm: array<vec2f>; // of slope and offset, one an output channel
@group(0) @binding(4) var<uniform> sizes: Sizes;

fn normOf(channel: u32) -> vec2f { return norm[channel]; }

fn finish(sum: Pixels, n: vec2f) -> Pixels {
  var z = n.x * sum + n.y;
  // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
  if (SWISH) { z /= 1.0 + exp(min(-z, Pixels(80.0))); }
  return z;
}
