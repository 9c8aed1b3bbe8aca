// Gradients of batch normalisation from the sums of its planes (see batchNormGradSums), NCHW:
//   g = GATED ? gate[n,c] : 1   d = GATED ? dpool[n,c] / PIXELS : 0, what reaches every pixel by way of the gate
//   dz = (g · dy + d) · a'   dbeta = sum over n of g · sums.x + d · sums.z   dgamma = sum over n of g · sums.y + d · sums.w
//   frozen statistics:  dx = gamma / sqrt(variance + EPSILON) · dz
//   batch statistics:   dx = gamma / sqrt(variance + EPSILON) · (dz − dbeta / M − x̂ · dgamma / M)   M = BATCH · PIXELS
// One unit: one plane. Its lanes join the samples' sums, sample lane, lane + lanes, …; the first sample's unit stores them. Then
// a lane takes the pixels lane, lane + lanes, …

override SWISH: bool;
override GATED: bool;
override FROZEN: bool;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;            // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;           // as x
@group(0) @binding(2) var<storage, read> planes: array<vec4f>;     // [BATCH, CHANNELS, 2]
@group(0) @binding(3) var<storage, read> gate: array<f32>;         // [BATCH, CHANNELS], or anything without GATED
@group(0) @binding(4) var<storage, read> dpool: array<f32>;        // [BATCH, CHANNELS], or anything without GATED
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>; // [CHANNELS]
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;  // [CHANNELS]
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;     // as x
@group(0) @binding(8) var<uniform> sizes: Sizes;

// g and d of a plane.
fn upstreamOf(plane: u32) -> vec2f {
  if (!GATED) { return vec2f(1.0, 0.0); }
  return vec2f(gate[plane], dpool[plane] / f32(sizes.PIXELS));
}

fn work(plane: u32, lane: u32, lanes: u32) {
  if (plane >= sizes.BATCH * sizes.CHANNELS) { return; }
  let channel = plane % sizes.CHANNELS;
  var own = vec4f(); // dbeta, dgamma
  for (var n = lane; n < sizes.BATCH; n += lanes) {
    let sums = planes[2u * (n * sizes.CHANNELS + channel)];
    let upstream = upstreamOf(n * sizes.CHANNELS + channel);
    own += vec4f(upstream.x * sums.xy + upstream.y * sums.zw, 0.0, 0.0);
  }
  let totals = sumOverLanes(own, lane);
  if (plane < sizes.CHANNELS && lane == 0u) {
    dbeta[channel] = totals.x;
    dgamma[channel] = totals.y;
  }
  let shares = select(totals / f32(sizes.BATCH * sizes.PIXELS), vec4f(), FROZEN);
  let values = planes[2u * plane + 1u];
  let upstream = upstreamOf(plane);
  for (var p = plane * sizes.PIXELS + lane; p < (plane + 1u) * sizes.PIXELS; p += lanes) {
    let normalized = (x[p] - values.x) * values.y;
    var dz = upstream.x * dy[p] + upstream.y;
    if (SWISH) {
      let z = values.z * normalized + values.w;
      let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
      dz *= s * (1.0 + z * (1.0 - s));
    }
    dx[p] = values.z * values.y * (dz - shares.x - normalized * shares.y);
  }
}
