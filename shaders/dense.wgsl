// A dense layer on vectors:  z[n,o] = bias[o] + sum over i of weight[o,i] · x[n,i]   y = SWISH ? z · sigmoid(z) : sigmoid(z)
// One unit: one output. A lane sums the inputs lane, lane + lanes, …

override SWISH: bool;

struct Sizes {
  BATCH: u32,
  IN: u32,
  OUT: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, IN]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [OUT, IN]
@group(0) @binding(2) var<storage, read> bias: array<f32>;    // [OUT]
@group(0) @binding(3) var<storage, read_write> z: array<f32>; // [BATCH, OUT]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [BATCH, OUT]
@group(0) @binding(5) var<uniform> sizes: Sizes;

fn work(unit: u32, lane: u32, lanes: u32) {
  if (unit >= sizes.BATCH * sizes.OUT) { return; }
  let output = unit % sizes.OUT;
  let source = unit / sizes.OUT * sizes.IN;
  var sum = 0.0;
  for (var i = lane; i < sizes.IN; i += lanes) { sum += weight[output * sizes.IN + i] * x[source + i]; }
  let total = sumOverLanes(vec4f(sum, 0.0, 0.0, 0.0), lane).x + bias[output];
  if (lane == 0u) {
    z[unit] = total;
    y[unit] = select(1.0, total, SWISH) / (1.0 + exp(min(-total, 80.0)));
  }
}
