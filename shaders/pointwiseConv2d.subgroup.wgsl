// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
//
// One invocation: a register tile of 8 output channels × 4 neighbouring pixels, as in the tiled rung; but all invocations
// of a workgroup share the output channels, so each loads one of the eight vec4s of weights that four input channels need and
// takes the others from its subgroup: 5 vec4 loads for 128 multiply-adds where the tiled rung has 12. Of subgroups of 4 each
// invocation loads two. Where loads are what costs, as in software, this is two to seven times faster. PIXELS must be a multiple of 4,
// and so must IN, or OUT with TRANSPOSED. Input channels are summed in order.

enable subgroups;

override TRANSPOSED: bool;
override SUBGROUP: u32; // 4, or a multiple of 8
override WORKGROUP: u32;

alias Pixels = vec4f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [BATCH, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;  // [OUT, IN / 4], or [IN, OUT / 4] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;      // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [BATCH, OUT, PIXELS / 4]

// Vec4 number `row` of a tile's eight: four input channels of output channel first + row; when TRANSPOSED, input channel
// input + row / 2 of four output channels.
fn weights(first: u32, input: u32, row: u32) -> vec4f {
  if (TRANSPOSED) {
    let quads = sizes.OUT / 4u;
    let i = input + row / 2u;
    let w = weight[min(i, sizes.IN - 1u) * quads + min(first / 4u + row % 2u, quads - 1u)];
    return select(vec4f(), w, i < sizes.IN);
  }
  return weight[(min(first + row, sizes.OUT - 1u) * sizes.IN + input) / 4u];
}

// Four input channels of four pixels, each channel by its gate.
fn gated(v: mat4x4f, at: u32) -> mat4x4f {
  let g = gateAt(at);
  return mat4x4f(v[0] * g.x, v[1] * g.y, v[2] * g.z, v[3] * g.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let quads = sizes.PIXELS / 4u;
  let count = sizes.BATCH * quads;
  let spans = (count + WORKGROUP - 1u) / WORKGROUP;
  let number = group.y * groups.x + group.x;
  let first = number / spans * 8u;
  if (first >= sizes.OUT) { return; }
  let index = number % spans * WORKGROUP + local;
  let sample = min(index, count - 1u) / quads;
  let quad = min(index, count - 1u) % quads;
  let source = sample * sizes.IN * quads + quad;
  let last = sizes.IN - 1u;
  let row = lane % 8u;
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  var y4 = vec4f();
  var y5 = vec4f();
  var y6 = vec4f();
  var y7 = vec4f();
  for (var i = 0u; i < sizes.IN; i += 4u) {
    var v = mat4x4f(x[source + i * quads], x[source + min(i + 1u, last) * quads],
                    x[source + min(i + 2u, last) * quads], x[source + min(i + 3u, last) * quads]);
    if (GATED) { v = gated(v, (sample * sizes.IN + i) / 4u); }
    let near = weights(first, i, row);
    let w0 = subgroupBroadcast(near, 0u);
    let w1 = subgroupBroadcast(near, 1u);
    let w2 = subgroupBroadcast(near, 2u);
    let w3 = subgroupBroadcast(near, 3u);
    var w4: vec4f;
    var w5: vec4f;
    var w6: vec4f;
    var w7: vec4f;
    if (SUBGROUP == 4u) {
      let far = weights(first, i, row + 4u);
      w4 = subgroupBroadcast(far, 0u);
      w5 = subgroupBroadcast(far, 1u);
      w6 = subgroupBroadcast(far, 2u);
      w7 = subgroupBroadcast(far, 3u);
    } else {
      w4 = subgroupBroadcast(near, 4u);
      w5 = subgroupBroadcast(near, 5u);
      w6 = subgroupBroadcast(near, 6u);
      w7 = subgroupBroadcast(near, 7u);
    }
    if (TRANSPOSED) {
      y0 += v * vec4f(w0.x, w2.x, w4.x, w6.x);
      y1 += v * vec4f(w0.y, w2.y, w4.y, w6.y);
      y2 += v * vec4f(w0.z, w2.z, w4.z, w6.z);
      y3 += v * vec4f(w0.w, w2.w, w4.w, w6.w);
      y4 += v * vec4f(w1.x, w3.x, w5.x, w7.x);
      y5 += v * vec4f(w1.y, w3.y, w5.y, w7.y);
      y6 += v * vec4f(w1.z, w3.z, w5.z, w7.z);
      y7 += v * vec4f(w1.w, w3.w, w5.w, w7.w);
    } else {
      y0 += v * w0;
      y1 += v * w1;
      y2 += v * w2;
      y3 += v * w3;
      y4 += v * w4;
      y5 += v * w5;
      y6 += v * w6;
      y7 += v * w7;
    }
  }
  if (index >= count) { return; }
  let at = (sample * sizes.OUT + first) * quads + quad;
  let rows = sizes.OUT - first;
  let norms = firstNorm(quad * 4u);
  y[at] = finish(y0 + bias[first], first, norms, at);
  if (rows > 1u) { y[at + quads] = finish(y1 + bias[first + 1u], first + 1u, norms, at + quads); }
  if (rows > 2u) { y[at + 2u * quads] = finish(y2 + bias[first + 2u], first + 2u, norms, at + 2u * quads); }
  if (rows > 3u) { y[at + 3u * quads] = finish(y3 + bias[first + 3u], first + 3u, norms, at + 3u * quads); }
  if (rows > 4u) { y[at + 4u * quads] = finish(y4 + bias[first + 4u], first + 4u, norms, at + 4u * quads); }
  if (rows > 5u) { y[at + 5u * quads] = finish(y5 + bias[first + 5u], first + 5u, norms, at + 5u * quads); }
  if (rows > 6u) { y[at + 6u * quads] = finish(y6 + bias[first + 6u], first + 6u, norms, at + 6u * quads); }
  if (rows > 7u) { y[at + 7u * quads] = finish(y7 + bias[first + 7u], first + 7u, norms, at + 7u * quads); }
}
