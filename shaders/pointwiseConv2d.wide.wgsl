// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
//
// The subgroup rung with a register tile twice as wide: 16 output channels × 4 neighbouring pixels, for subgroups of 8 and
// more. Each invocation loads two of the sixteen vec4s of weights that four input channels need: 6 vec4 loads for 256 multiply-adds
// where the narrower rung has 10. PIXELS must be a multiple of 4, and so must IN, or OUT with TRANSPOSED. Input channels are
// summed in order.

enable subgroups;

override TRANSPOSED: bool;
override WORKGROUP: u32;

alias Pixels = vec4f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [BATCH, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;  // [OUT, IN / 4], or [IN, OUT / 4] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;      // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [BATCH, OUT, PIXELS / 4]

// Vec4 number `row` of a tile's sixteen: four input channels of output channel first + row; when TRANSPOSED, input channel
// input + row / 4 of four output channels.
fn weights(first: u32, input: u32, row: u32) -> vec4f {
  if (TRANSPOSED) {
    let quads = sizes.OUT / 4u;
    let i = input + row / 4u;
    let w = weight[min(i, sizes.IN - 1u) * quads + min(first / 4u + row % 4u, quads - 1u)];
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
  let first = number / spans * 16u;
  if (first >= sizes.OUT) { return; }
  let index = number % spans * WORKGROUP + local;
  let sample = min(index, count - 1u) / quads;
  let quad = min(index, count - 1u) % quads;
  let source = sample * sizes.IN * quads + quad;
  let last = sizes.IN - 1u;
  var y0 = vec4f();
  var y1 = vec4f();
  var y2 = vec4f();
  var y3 = vec4f();
  var y4 = vec4f();
  var y5 = vec4f();
  var y6 = vec4f();
  var y7 = vec4f();
  var y8 = vec4f();
  var y9 = vec4f();
  var y10 = vec4f();
  var y11 = vec4f();
  var y12 = vec4f();
  var y13 = vec4f();
  var y14 = vec4f();
  var y15 = vec4f();
  for (var i = 0u; i < sizes.IN; i += 4u) {
    var v = mat4x4f(x[source + i * quads], x[source + min(i + 1u, last) * quads],
                    x[source + min(i + 2u, last) * quads], x[source + min(i + 3u, last) * quads]);
    if (GATED) { v = gated(v, (sample * sizes.IN + i) / 4u); }
    let near = weights(first, i, lane % 8u);
    let far = weights(first, i, lane % 8u + 8u);
    let w0 = subgroupBroadcast(near, 0u);
    let w1 = subgroupBroadcast(near, 1u);
    let w2 = subgroupBroadcast(near, 2u);
    let w3 = subgroupBroadcast(near, 3u);
    let w4 = subgroupBroadcast(near, 4u);
    let w5 = subgroupBroadcast(near, 5u);
    let w6 = subgroupBroadcast(near, 6u);
    let w7 = subgroupBroadcast(near, 7u);
    let w8 = subgroupBroadcast(far, 0u);
    let w9 = subgroupBroadcast(far, 1u);
    let w10 = subgroupBroadcast(far, 2u);
    let w11 = subgroupBroadcast(far, 3u);
    let w12 = subgroupBroadcast(far, 4u);
    let w13 = subgroupBroadcast(far, 5u);
    let w14 = subgroupBroadcast(far, 6u);
    let w15 = subgroupBroadcast(far, 7u);
    if (TRANSPOSED) {
      y0 += v * vec4f(w0.x, w4.x, w8.x, w12.x);
      y1 += v * vec4f(w0.y, w4.y, w8.y, w12.y);
      y2 += v * vec4f(w0.z, w4.z, w8.z, w12.z);
      y3 += v * vec4f(w0.w, w4.w, w8.w, w12.w);
      y4 += v * vec4f(w1.x, w5.x, w9.x, w13.x);
      y5 += v * vec4f(w1.y, w5.y, w9.y, w13.y);
      y6 += v * vec4f(w1.z, w5.z, w9.z, w13.z);
      y7 += v * vec4f(w1.w, w5.w, w9.w, w13.w);
      y8 += v * vec4f(w2.x, w6.x, w10.x, w14.x);
      y9 += v * vec4f(w2.y, w6.y, w10.y, w14.y);
      y10 += v * vec4f(w2.z, w6.z, w10.z, w14.z);
      y11 += v * vec4f(w2.w, w6.w, w10.w, w14.w);
      y12 += v * vec4f(w3.x, w7.x, w11.x, w15.x);
      y13 += v * vec4f(w3.y, w7.y, w11.y, w15.y);
      y14 += v * vec4f(w3.z, w7.z, w11.z, w15.z);
      y15 += v * vec4f(w3.w, w7.w, w11.w, w15.w);
    } else {
      y0 += v * w0;
      y1 += v * w1;
      y2 += v * w2;
      y3 += v * w3;
      y4 += v * w4;
      y5 += v * w5;
      y6 += v * w6;
      y7 += v * w7;
      y8 += v * w8;
      y9 += v * w9;
      y10 += v * w10;
      y11 += v * w11;
      y12 += v * w12;
      y13 += v * w13;
      y14 += v * w14;
      y15 += v * w15;
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
  if (rows > 8u) { y[at + 8u * quads] = finish(y8 + bias[first + 8u], first + 8u, norms, at + 8u * quads); }
  if (rows > 9u) { y[at + 9u * quads] = finish(y9 + bias[first + 9u], first + 9u, norms, at + 9u * quads); }
  if (rows > 10u) { y[at + 10u * quads] = finish(y10 + bias[first + 10u], first + 10u, norms, at + 10u * quads); }
  if (rows > 11u) { y[at + 11u * quads] = finish(y11 + bias[first + 11u], first + 11u, norms, at + 11u * quads); }
  if (rows > 12u) { y[at + 12u * quads] = finish(y12 + bias[first + 12u], first + 12u, norms, at + 12u * quads); }
  if (rows > 13u) { y[at + 13u * quads] = finish(y13 + bias[first + 13u], first + 13u, norms, at + 13u * quads); }
  if (rows > 14u) { y[at + 14u * quads] = finish(y14 + bias[first + 14u], first + 14u, norms, at + 14u * quads); }
  if (rows > 15u) { y[at + 15u * quads] = finish(y15 + bias[first + 15u], first + 15u, norms, at + 15u * quads); }
}
