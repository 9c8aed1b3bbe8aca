// What the gradients of batch normalisation need of every plane, NCHW, y = act(gamma · x̂ + beta) · (GATED ? gate : 1):
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   z = gamma · x̂ + beta   a = SWISH ? z · sigmoid(z) : z   a' its derivative
//   planes[n,c] = (sum(dy · a'), sum(dy · a' · x̂), sum(a'), sum(a' · x̂)), (mean, 1 / sqrt(variance + EPSILON), gamma, beta)
//   dgate[n,c] = GATED ? sum(dy · a) · gate · (1 − gate) : 0   the gradient of what the gate is the sigmoid of
// With these sums the gradient that reaches a by way of the gate, the same for a whole plane, can be added afterwards. The second
// vec4 spares the next kernel four bindings. One unit: one plane. A lane sums the pixels lane, lane + lanes, …, BLOCK of them apart.

override EPSILON: f32;
override SWISH: bool;
override GATED: bool;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;              // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;             // as x
@group(0) @binding(2) var<storage, read> mean: array<f32>;           // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>;       // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;          // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;           // [CHANNELS]
@group(0) @binding(6) var<storage, read> gate: array<f32>;           // [batch, CHANNELS], or anything without GATED
@group(0) @binding(7) var<storage, read_write> planes: array<vec4f>; // [batch, CHANNELS, 2]
@group(0) @binding(8) var<storage, read_write> dgate: array<f32>;    // [batch, CHANNELS]
@group(0) @binding(9) var<uniform> sizes: Sizes;

// Rounding grows with BLOCK and with the number of blocks, not with their product.
const BLOCK = 16u;

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.PLANES) { return; }
  let channel = plane % sizes.CHANNELS;
  let values = vec4f(mean[channel], inverseSqrt(variance[channel] + EPSILON), gamma[channel], beta[channel]);
  var sums = vec4f();
  var product = 0.0;
  for (var start = 0u; start < sizes.PIXELS; start += BLOCK * lanes) {
    let end = plane * sizes.PIXELS + min(start + BLOCK * lanes, sizes.PIXELS);
    var block = vec4f();
    var blockProduct = 0.0;
    for (var p = plane * sizes.PIXELS + start + lane; p < end; p += lanes) {
      let normalized = (x[p] - values.x) * values.y;
      let z = values.z * normalized + values.w;
      let upstream = dy[p];
      var a = z;
      var derivative = 1.0;
      if (SWISH) {
        let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
        a = z * s;
        derivative = s * (1.0 + z * (1.0 - s));
      }
      if (GATED) { blockProduct += upstream * a; }
      block += vec4f(upstream, upstream * normalized, 1.0, normalized) * derivative;
    }
    sums += block;
    product += blockProduct;
  }
  let totals = sumOverLanes(sums, lane);
  var slope = 0.0;
  if (GATED) {
    let g = gate[plane];
    slope = sumOverLanes(vec4f(product, 0.0, 0.0, 0.0), lane).x * g * (1.0 - g);
  }
  if (lane == 0u) {
    planes[2u * plane] = totals;
    planes[2u * plane + 1u] = values;
    dgate[plane] = slope;
  }
}
