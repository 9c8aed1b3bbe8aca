// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order; CHUNK and PIXELS are multiples of 4. sumLeading adds the chunks.
//
// One invocation: a register tile of 4 output × 4 input channels of one chunk. Each step takes 4 neighbouring pixels:
// 8 vec4 loads for 16 dot products. OUT and IN must be multiples of 4. The four lanes of a vec4 are summed apart and
// added at the end.

override IN: u32;
override OUT: u32;
override PIXELS: u32;
override TOTAL: u32; // batch · PIXELS
override CHUNK: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // [batch, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;            // [batch, OUT, PIXELS / 4]
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>; // [SPLITS, OUT, IN / 4]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let tile = id.x;
  if (tile >= OUT / 4u * (IN / 4u)) { return; }
  let output = tile / (IN / 4u) * 4u;
  let input = tile % (IN / 4u) * 4u;
  let quads = PIXELS / 4u;
  let end = min((id.y + 1u) * CHUNK, TOTAL) / 4u;
  var r0 = mat4x4f(); // r0[j]: lanes of dy[output] · x[input + j]
  var r1 = mat4x4f();
  var r2 = mat4x4f();
  var r3 = mat4x4f();
  for (var k = id.y * CHUNK / 4u; k < end; k++) {
    let sample = k / quads;
    let quad = k % quads;
    let g = (sample * OUT + output) * quads + quad;
    let s = (sample * IN + input) * quads + quad;
    let x0 = x[s];
    let x1 = x[s + quads];
    let x2 = x[s + 2u * quads];
    let x3 = x[s + 3u * quads];
    let g0 = dy[g];
    r0 += mat4x4f(g0 * x0, g0 * x1, g0 * x2, g0 * x3);
    let g1 = dy[g + quads];
    r1 += mat4x4f(g1 * x0, g1 * x1, g1 * x2, g1 * x3);
    let g2 = dy[g + 2u * quads];
    r2 += mat4x4f(g2 * x0, g2 * x1, g2 * x2, g2 * x3);
    let g3 = dy[g + 3u * quads];
    r3 += mat4x4f(g3 * x0, g3 * x1, g3 * x2, g3 * x3);
  }
  let row = (id.y * OUT + output) * (IN / 4u) + input / 4u;
  let ones = vec4f(1.0);
  partial[row] = ones * r0;
  partial[row + IN / 4u] = ones * r1;
  partial[row + 2u * (IN / 4u)] = ones * r2;
  partial[row + 3u * (IN / 4u)] = ones * r3;
}
