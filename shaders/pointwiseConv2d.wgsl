// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
//
// One invocation: a register tile of 8 output channels × 4 neighbouring pixels. For each input channel it loads 4 pixels
// and 8 weights for 32 multiply-adds, where the plain rung loads two scalars for each one. PIXELS must be a multiple of 4,
// and so must IN, or OUT with TRANSPOSED; a last tile of fewer output channels repeats the last one and does not write it.
// Input channels are summed in order.

override TRANSPOSED: bool;
override WORKGROUP: u32;

alias Pixels = vec4f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [BATCH, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;  // [OUT, IN / 4], or [IN, OUT / 4] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;      // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [BATCH, OUT, PIXELS / 4]

// Four input channels of four pixels, each channel by its gate.
fn gated(v: mat4x4f, at: u32) -> mat4x4f {
  let g = gateAt(at);
  return mat4x4f(v[0] * g.x, v[1] * g.y, v[2] * g.z, v[3] * g.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = sizes.PIXELS / 4u;
  let tiles = (sizes.OUT + 7u) / 8u;
  let sample = index / (tiles * quads);
  if (sample >= sizes.BATCH) { return; }
  let first = index / quads % tiles * 8u;
  let last = sizes.OUT - 1u;
  let source = sample * sizes.IN * quads + index % quads;
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  var y4 = vec4f();
  var y5 = vec4f();
  var y6 = vec4f();
  var y7 = vec4f();
  if (TRANSPOSED) {
    let near = first / 4u;
    let far = min(near + 1u, sizes.OUT / 4u - 1u);
    for (var i = 0u; i < sizes.IN; i++) {
      let v = x[source + i * quads];
      let a = weight[i * (sizes.OUT / 4u) + near];
      let b = weight[i * (sizes.OUT / 4u) + far];
      y0 += a.x * v;
      y1 += a.y * v;
      y2 += a.z * v;
      y3 += a.w * v;
      y4 += b.x * v;
      y5 += b.y * v;
      y6 += b.z * v;
      y7 += b.w * v;
    }
  } else {
    let row0 = first * (sizes.IN / 4u);
    let row1 = min(first + 1u, last) * (sizes.IN / 4u);
    let row2 = min(first + 2u, last) * (sizes.IN / 4u);
    let row3 = min(first + 3u, last) * (sizes.IN / 4u);
    let row4 = min(first + 4u, last) * (sizes.IN / 4u);
    let row5 = min(first + 5u, last) * (sizes.IN / 4u);
    let row6 = min(first + 6u, last) * (sizes.IN / 4u);
    let row7 = min(first + 7u, last) * (sizes.IN / 4u);
    for (var i = 0u; i < sizes.IN / 4u; i++) {
      let at = source + 4u * i * quads;
      // Four input channels of four pixels: times a row of weights, four pixels of one output channel.
      var v = mat4x4f(x[at], x[at + quads], x[at + 2u * quads], x[at + 3u * quads]);
      if (GATED) { v = gated(v, sample * (sizes.IN / 4u) + i); }
      y0 += v * weight[row0 + i];
      y1 += v * weight[row1 + i];
      y2 += v * weight[row2 + i];
      y3 += v * weight[row3 + i];
      y4 += v * weight[row4 + i];
      y5 += v * weight[row5 + i];
      y6 += v * weight[row6 + i];
      y7 += v * weight[row7 + i];
    }
  }
  let target_ = (sample * sizes.OUT + first) * quads + index % quads;
  let norms = firstNorm(index % quads * 4u);
  y[target_] = finish(y0 + bias[first], first, norms, target_);
  if (first + 1u <= last) { y[target_ + quads] = finish(y1 + bias[first + 1u], first + 1u, norms, target_ + quads); }
  if (first + 2u <= last) { y[target_ + 2u * quads] = finish(y2 + bias[first + 2u], first + 2u, norms, target_ + 2u * quads); }
  if (first + 3u <= last) { y[target_ + 3u * quads] = finish(y3 + bias[first + 3u], first + 3u, norms, target_ + 3u * quads); }
  if (first + 4u <= last) { y[target_ + 4u * quads] = finish(y4 + bias[first + 4u], first + 4u, norms, target_ + 4u * quads); }
  if (first + 5u <= last) { y[target_ + 5u * quads] = finish(y5 + bias[first + 5u], first + 5u, norms, target_ + 5u * quads); }
  if (first + 6u <= last) { y[target_ + 6u * quads] = finish(y6 + bias[first + 6u], first + 6u, norms, target_ + 6u * quads); }
  if (first + 7u <= last) { y[target_ + 7u * quads] = finish(y7 + bias[first + 7u], first + 7u, norms, target_ + 7u * quads); }
}
