// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order; CHUNK and PIXELS are multiples of 4. sumLeading adds the chunks.
//
// One invocation: a register tile of 8 output × 4 input channels of one chunk. Each step takes 4 neighbouring pixels: 12
// vec4 loads for 32 dot products. IN must be a multiple of 4; a last tile of fewer output channels repeats the last one
// and does not write it. The four products of a step are added first, then the steps in order.

override WORKGROUP: u32;

struct Sizes {
  IN: u32,
  OUT: u32,
  PIXELS: u32,
  TOTAL: u32, // batch · PIXELS
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // [batch, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;            // [batch, OUT, PIXELS / 4]
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>; // [SPLITS, OUT, IN / 4]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = sizes.IN / 4u;
  let tile = id.x;
  if (tile >= (sizes.OUT + 7u) / 8u * columns) { return; }
  let first = tile / columns * 8u;
  let last = sizes.OUT - 1u;
  let input = tile % columns * 4u;
  let quads = sizes.PIXELS / 4u;
  let end = min((id.y + 1u) * sizes.CHUNK, sizes.TOTAL) / 4u;
  var r0 = vec4f(); // r0[j]: dy[first] · x[input + j]
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  var r4 = vec4f();
  var r5 = vec4f();
  var r6 = vec4f();
  var r7 = vec4f();
  for (var k = id.y * sizes.CHUNK / 4u; k < end; k++) {
    let sample = k / quads;
    let quad = k % quads;
    let s = (sample * sizes.IN + input) * quads + quad;
    let g = sample * sizes.OUT * quads + quad;
    let v = mat4x4f(x[s], x[s + quads], x[s + 2u * quads], x[s + 3u * quads]);
    r0 += dy[g + first * quads] * v;
    r1 += dy[g + min(first + 1u, last) * quads] * v;
    r2 += dy[g + min(first + 2u, last) * quads] * v;
    r3 += dy[g + min(first + 3u, last) * quads] * v;
    r4 += dy[g + min(first + 4u, last) * quads] * v;
    r5 += dy[g + min(first + 5u, last) * quads] * v;
    r6 += dy[g + min(first + 6u, last) * quads] * v;
    r7 += dy[g + min(first + 7u, last) * quads] * v;
  }
  let row = (id.y * sizes.OUT + first) * columns + input / 4u;
  partial[row] = r0;
  if (first + 1u <= last) { partial[row + columns] = r1; }
  if (first + 2u <= last) { partial[row + 2u * columns] = r2; }
  if (first + 3u <= last) { partial[row + 3u * columns] = r3; }
  if (first + 4u <= last) { partial[row + 4u * columns] = r4; }
  if (first + 5u <= last) { partial[row + 5u * columns] = r5; }
  if (first + 6u <= last) { partial[row + 6u * columns] = r6; }
  if (first + 7u <= last) { partial[row + 7u * columns] = r7; }
}
