// Gradient of fuse with respect to its weighted sum z, y = f(z), and with respect to its weights:
//   dz = dy · f'(z)
//   normalised:  dw_i = [w_i > 0] · sum(dz · (1e-4 · r_i(x_i) + sum_{j≠i} w_j · (r_i(x_i) − r_j(x_j)))) / S²
//   otherwise:   dw_i = [w_i > 0] · sum(dz · r_i(x_i))
// over all elements, in GROUPS partial sums; f, r_i, S and w (here after its ReLU) as in fuse, and z is computed anew. The
// shorter (r_i(x_i) − z) / S would cancel all but the share of 1e-4 where a single weight is positive.
// `taken` holds, where an input is pooled, which tap of each window was the first maximum in row-major order: 4 bits for
// each input, row · 3 + column. fuseGradInput reads it.
// Put between fuseSources.wgsl and the rungs, fuseGradSum.plain.wgsl and fuseGradSum.tree.wgsl, which say who sums what.

override SWISH: bool;

struct Sizes {
  PLANES: u32, // batch · channels
  HEIGHT: u32, // at most 1024, as WIDTH
  WIDTH: u32,
  HEIGHT0: u32,
  WIDTH0: u32,
  PAD_TOP0: u32,
  PAD_LEFT0: u32,
  HEIGHT1: u32,
  WIDTH1: u32,
  PAD_TOP1: u32,
  PAD_LEFT1: u32,
  HEIGHT2: u32,
  WIDTH2: u32,
  PAD_TOP2: u32,
  PAD_LEFT2: u32,
  CHUNK: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<f32>;      // [PLANES, HEIGHT0, WIDTH0]
@group(0) @binding(1) var<storage, read> x1: array<f32>;      // [PLANES, HEIGHT1, WIDTH1]
@group(0) @binding(2) var<storage, read> x2: array<f32>;      // [PLANES, HEIGHT2, WIDTH2]
@group(0) @binding(3) var<storage, read> weights: array<f32>; // [COUNT]
@group(0) @binding(4) var<storage, read> dy: array<f32>;      // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(5) var<storage, read_write> dz: array<f32>;       // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(6) var<storage, read_write> taken: array<u32>;    // [PLANES, HEIGHT, WIDTH], [1] without a pool
@group(0) @binding(7) var<storage, read_write> dweights: array<f32>; // [GROUPS, COUNT]
@group(0) @binding(8) var<uniform> sizes: Sizes;

// w: the weights after their ReLU. Writes dz and taken of element i; returns its share of each weight's sum.
fn element(i: u32, plane: u32, at: vec2u, w: vec3f) -> vec3f {
  let sample0 = resample(&x0, source0(), plane, at);
  var maps = vec3f(sample0.value, 0.0, 0.0);
  var taps = sample0.tap;
  if (COUNT > 1u) {
    let sample1 = resample(&x1, source1(), plane, at);
    maps.y = sample1.value;
    taps |= sample1.tap << 4u;
  }
  if (COUNT > 2u) {
    let sample2 = resample(&x2, source2(), plane, at);
    maps.z = sample2.value;
    taps |= sample2.tap << 8u;
  }
  if (MODE0 == 2u || MODE1 == 2u || MODE2 == 2u || i == 0u) { taken[i] = taps; }
  let weighted = w * maps;
  var slope = dy[i];
  if (SWISH) {
    let z = (weighted.x + weighted.y + weighted.z) / totalWeight(w);
    let s = 1.0 / (1.0 + exp(min(-z, 80.0)));
    slope *= s * (1.0 + z * (1.0 - s));
  }
  dz[i] = slope;
  if (NORMALIZED) {
    let others = vec3f(w.y + w.z, w.x + w.z, w.x + w.y);
    maps = (others + 1e-4) * maps - vec3f(weighted.y + weighted.z, weighted.x + weighted.z, weighted.x + weighted.y);
  }
  return slope * maps;
}

fn writeSums(index: u32, sums: vec3f, w: vec3f) {
  let total = totalWeight(w);
  let scale = 1.0 / (total * total);
  for (var k = 0u; k < COUNT; k++) {
    dweights[index * COUNT + k] = select(0.0, scale * sums[k], w[k] > 0.0);
  }
}

