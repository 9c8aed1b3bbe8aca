// Batch normalisation with given statistics, and what comes after it, NCHW:
//   z = gamma[c] · (x − mean[c]) / sqrt(variance[c] + EPSILON) + beta[c]
//   y = (SWISH ? z · sigmoid(z) : z) · (GATED ? gate[n,c] : 1) + (RESIDUAL ? residual : 0)
// One unit: one plane of one of LEVELS segments of the pixels, each of which has statistics, gamma and beta of its own. A lane
// takes the pixels lane, lane + lanes, … What fills the planes up after the last segment becomes zero.

override EPSILON: f32;
override SWISH: bool;
override GATED: bool;
override RESIDUAL: bool;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  PIXELS: u32,
  LEVELS: u32,
  END0: u32,
  END1: u32,
  END2: u32,
  END3: u32,
  END4: u32,
  END5: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [batch, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> mean: array<f32>;     // [LEVELS, CHANNELS]
@group(0) @binding(2) var<storage, read> variance: array<f32>; // [LEVELS, CHANNELS]
@group(0) @binding(3) var<storage, read> gamma: array<f32>;    // [LEVELS, CHANNELS]
@group(0) @binding(4) var<storage, read> beta: array<f32>;     // [LEVELS, CHANNELS]
@group(0) @binding(5) var<storage, read> gate: array<f32>;     // [batch, CHANNELS], or anything without GATED
@group(0) @binding(6) var<storage, read> residual: array<f32>; // as x, or anything without RESIDUAL
@group(0) @binding(7) var<storage, read_write> y: array<f32>;  // as x
@group(0) @binding(8) var<uniform> sizes: Sizes;

fn work(unit: u32, lane: u32, lanes: u32) {
  if (unit >= sizes.LEVELS * sizes.PLANES) { return; }
  let plane = unit % sizes.PLANES;
  let level = unit / sizes.PLANES;
  let segment = segmentOf(level);
  let channel = level * sizes.CHANNELS + plane % sizes.CHANNELS;
  let center = mean[channel];
  let slope = gamma[channel] * inverseSqrt(variance[channel] + EPSILON);
  let shift = beta[channel];
  var factor = 1.0;
  if (GATED) { factor = gate[plane]; }
  let start = plane * sizes.PIXELS;
  for (var p = start + segment.start + lane; p < start + segment.end; p += lanes) {
    var z = slope * (x[p] - center) + shift;
    // exp(80) is finite in float32, and sigmoid(−80) is 0 to every digit that is left.
    if (SWISH) { z /= 1.0 + exp(min(-z, 80.0)); }
    if (GATED) { z *= factor; }
    if (RESIDUAL) { z += residual[p]; }
    y[p] = z;
  }
  if (level == sizes.LEVELS - 1u) {
    for (var p = start + segment.end + lane; p < start + sizes.PIXELS; p += lanes) { y[p] = 0.0; }
  }
}
