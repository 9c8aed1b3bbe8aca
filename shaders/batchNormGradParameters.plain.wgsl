// Gradients of batch normalisation's gamma and beta, NCHW, the activation's derivative recomputed from x:
//   x̂ = (x − mean) / sqrt(variance + EPSILON)   dz = dy · (SWISH ? swish'(gamma · x̂ + beta) : 1)
//   dgamma[c] = sum(dz · x̂)   dbeta[c] = sum(dz)   over samples and pixels
// The plain rung, without barriers, which software would run as coroutines. One invocation: one channel, in order; each
// BLOCK of pixels is summed apart, then added to its plane's sum and that to the channel's, so that rounding grows with
// BLOCK + PIXELS / BLOCK + BATCH.

override EPSILON: f32;
override SWISH: bool;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  CHANNELS: u32,
  PIXELS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;            // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;           // [BATCH, CHANNELS, PIXELS]
@group(0) @binding(2) var<storage, read> mean: array<f32>;         // [CHANNELS]
@group(0) @binding(3) var<storage, read> variance: array<f32>;     // [CHANNELS]
@group(0) @binding(4) var<storage, read> gamma: array<f32>;        // [CHANNELS]
@group(0) @binding(5) var<storage, read> beta: array<f32>;         // [CHANNELS]
@group(0) @binding(6) var<storage, read_write> dgamma: array<f32>; // [CHANNELS]
@group(0) @binding(7) var<storage, read_write> dbeta: array<f32>;  // [CHANNELS]
@group(0) @binding(8) var<uniform> sizes: Sizes;

const BLOCK = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let channel = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (channel >= sizes.CHANNELS) { return; }
  let center = mean[channel];
  let inverse = inverseSqrt(variance[channel] + EPSILON);
  let slope = gamma[channel];
  let offset = beta[channel];
  var sums = vec2f();
  for (var n = 0u; n < sizes.BATCH; n++) {
    let plane = (n * sizes.CHANNELS + channel) * sizes.PIXELS;
    var planeSums = vec2f();
    for (var start = 0u; start < sizes.PIXELS; start += BLOCK) {
      let end = min(start + BLOCK, sizes.PIXELS);
      var block = vec2f();
      for (var p = start; p < end; p++) {
        let normalized = (x[plane + p] - center) * inverse;
        var dz = dy[plane + p];
        if (SWISH) {
          let z = slope * normalized + offset;
          let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
          dz *= s * (1.0 + z * (1.0 - s));
        }
        block += vec2f(dz * normalized, dz);
      }
      planeSums += block;
    }
    sums += planeSums;
  }
  dgamma[channel] = sums.x;
  dbeta[channel] = sums.y;
}
