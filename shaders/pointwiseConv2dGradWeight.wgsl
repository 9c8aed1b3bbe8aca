// Gradient of the pointwise convolution with respect to its weight, in SPLITS partial sums:
//   partial[s,o,i] = sum over the elements (n,p) of chunk s of dy[n,o,p] · x[n,i,p]
// A chunk is CHUNK consecutive (n,p) in row-major order; CHUNK and PIXELS are multiples of 4. sumLeading adds the chunks.
// Put behind the rungs whose invocations hold a register tile of channels of one kind × channels of the other:
// pointwiseConv2dGradWeight.shared.wgsl, .subgroup.wgsl and .tiled.wgsl. The many are input channels, or output channels when
// SWAPPED, meant for where there are more of those; the few are the others. Each step takes 4 neighbouring pixels,
// a quad: the four products are added first, then the steps in order.

override SWAPPED: bool;
override WORKGROUP: u32;

struct Sizes {
  IN: u32,
  OUT: u32,
  PIXELS: u32,
  TOTAL: u32, // batch · PIXELS
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;           // [batch, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;          // [batch, OUT, PIXELS / 4]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [SPLITS, OUT, IN]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn manyChannels() -> u32 { return select(sizes.IN, sizes.OUT, SWAPPED); }

fn fewChannels() -> u32 { return select(sizes.OUT, sizes.IN, SWAPPED); }

fn many(at: u32) -> vec4f {
  if (SWAPPED) { return dy[at]; }
  return x[at];
}

fn few(at: u32) -> vec4f {
  if (SWAPPED) { return x[at]; }
  return dy[at];
}

// Writes an element of a partial sum if there are such channels.
fn write(chunk: u32, manyChannel: u32, fewChannel: u32, sum: f32) {
  if (manyChannel >= manyChannels() || fewChannel >= fewChannels()) { return; }
  let element = select(fewChannel * sizes.IN + manyChannel, manyChannel * sizes.IN + fewChannel, SWAPPED);
  partial[chunk * sizes.OUT * sizes.IN + element] = sum;
}

// Writes the sums of four neighbours of the many and one of the few.
fn writeFour(chunk: u32, manyChannel: u32, fewChannel: u32, sums: vec4f) {
  write(chunk, manyChannel, fewChannel, sums.x);
  write(chunk, manyChannel + 1u, fewChannel, sums.y);
  write(chunk, manyChannel + 2u, fewChannel, sums.z);
  write(chunk, manyChannel + 3u, fewChannel, sums.w);
}
