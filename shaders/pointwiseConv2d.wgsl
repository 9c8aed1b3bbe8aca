// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
// Put behind the rungs whose invocations each hold a register tile of 8 output channels × 4 neighbouring pixels, a quad:
// pointwiseConv2d.shared.wgsl, .subgroup.wgsl and .tiled.wgsl, which say where weights and pixels come from. PIXELS must be a
// multiple of 4, and so must IN, or OUT with TRANSPOSED. Input channels are summed in order, four at a time.

override TRANSPOSED: bool;
override WORKGROUP: u32;

alias Pixels = vec4f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [BATCH, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;  // [OUT, IN / 4], or [IN, OUT / 4] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;      // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [BATCH, OUT, PIXELS / 4]

struct Tile { y0: vec4f, y1: vec4f, y2: vec4f, y3: vec4f, y4: vec4f, y5: vec4f, y6: vec4f, y7: vec4f }

// Of a sample's quad: where its first input channel lies.
fn sourceOf(sample: u32, quad: u32) -> u32 { return sample * sizes.IN * (sizes.PIXELS / 4u) + quad; }

// Four input channels of a sample's quad, the last one again beyond it.
fn pixels(sample: u32, source: u32, input: u32) -> mat4x4f {
  let quads = sizes.PIXELS / 4u;
  let last = sizes.IN - 1u;
  let v = mat4x4f(x[source + input * quads], x[source + min(input + 1u, last) * quads],
                  x[source + min(input + 2u, last) * quads], x[source + min(input + 3u, last) * quads]);
  if (!GATED) { return v; }
  let g = gateAt((sample * sizes.IN + input) / 4u);
  return mat4x4f(v[0] * g.x, v[1] * g.y, v[2] * g.z, v[3] * g.w);
}

// Vec4 number `row` of the eight that a tile and four input channels need: the four of output channel first + row; when
// TRANSPOSED, input channel input + row / 2 of four output channels. Output channels beyond the last repeat it and are
// not stored.
fn weights(first: u32, input: u32, row: u32) -> vec4f {
  if (TRANSPOSED) {
    let quads = sizes.OUT / 4u;
    let i = input + row / 2u;
    let w = weight[min(i, sizes.IN - 1u) * quads + min(first / 4u + row % 2u, quads - 1u)];
    return select(vec4f(), w, i < sizes.IN);
  }
  return weight[(min(first + row, sizes.OUT - 1u) * sizes.IN + input) / 4u];
}

// Adds four input channels v, with the eight vec4s of `weights`.
fn multiply(t: ptr<function, Tile>, v: mat4x4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f, w4: vec4f, w5: vec4f,
            w6: vec4f, w7: vec4f) {
  if (TRANSPOSED) {
    (*t).y0 += v * vec4f(w0.x, w2.x, w4.x, w6.x);
    (*t).y1 += v * vec4f(w0.y, w2.y, w4.y, w6.y);
    (*t).y2 += v * vec4f(w0.z, w2.z, w4.z, w6.z);
    (*t).y3 += v * vec4f(w0.w, w2.w, w4.w, w6.w);
    (*t).y4 += v * vec4f(w1.x, w3.x, w5.x, w7.x);
    (*t).y5 += v * vec4f(w1.y, w3.y, w5.y, w7.y);
    (*t).y6 += v * vec4f(w1.z, w3.z, w5.z, w7.z);
    (*t).y7 += v * vec4f(w1.w, w3.w, w5.w, w7.w);
  } else {
    (*t).y0 += v * w0;
    (*t).y1 += v * w1;
    (*t).y2 += v * w2;
    (*t).y3 += v * w3;
    (*t).y4 += v * w4;
    (*t).y5 += v * w5;
    (*t).y6 += v * w6;
    (*t).y7 += v * w7;
  }
}

// Writes those of the tile's output channels, from `first`, that there are.
fn store(t: Tile, sample: u32, first: u32, quad: u32) {
  let quads = sizes.PIXELS / 4u;
  let at = (sample * sizes.OUT + first) * quads + quad;
  let rows = sizes.OUT - first;
  let norms = firstNorm(quad * 4u);
  y[at] = finish(t.y0 + bias[first], first, norms, at);
  if (rows > 1u) { y[at + quads] = finish(t.y1 + bias[first + 1u], first + 1u, norms, at + quads); }
  if (rows > 2u) { y[at + 2u * quads] = finish(t.y2 + bias[first + 2u], first + 2u, norms, at + 2u * quads); }
  if (rows > 3u) { y[at + 3u * quads] = finish(t.y3 + bias[first + 3u], first + 3u, norms, at + 3u * quads); }
  if (rows > 4u) { y[at + 4u * quads] = finish(t.y4 + bias[first + 4u], first + 4u, norms, at + 4u * quads); }
  if (rows > 5u) { y[at + 5u * quads] = finish(t.y5 + bias[first + 5u], first + 5u, norms, at + 5u * quads); }
  if (rows > 6u) { y[at + 6u * quads] = finish(t.y6 + bias[first + 6u], first + 6u, norms, at + 6u * quads); }
  if (rows > 7u) { y[at + 7u * quads] = finish(t.y7 + bias[first + 7u], first + 7u, norms, at + 7u * quads); }
}
