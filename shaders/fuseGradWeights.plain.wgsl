// Gradient of fuse with respect to its weights, in GROUPS partial sums that sumLeading adds:
//   normalised:  dw_i = [w_i > 0] · sum(dy · (1e-4 · r_i(x_i) + sum_{j≠i} w_j · (r_i(x_i) − r_j(x_j)))) / S²
//   otherwise:   dw_i = [w_i > 0] · sum(dy · r_i(x_i))
// over all elements; r_i, S and w (here after its ReLU) as in fuse. The shorter (r_i(x_i) − y) / S would cancel all but the
// share of 1e-4 where a single weight is positive. The plain rung, without barriers, which software would run as
// coroutines. One invocation: CHUNK consecutive elements for all weights, in order; each BLOCK of them is summed apart
// and then added, so that rounding grows with BLOCK + CHUNK / BLOCK.

override COUNT: u32;
override NORMALIZED: bool;
override MODE0: u32;
override MODE1: u32;
override MODE2: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · channels
  HEIGHT: u32,
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
@group(0) @binding(5) var<storage, read_write> dweights: array<f32>; // [GROUPS, COUNT]
@group(0) @binding(6) var<uniform> sizes: Sizes;

const BLOCK = 16u;

struct Source { mode: u32, size: vec2u, pad: vec2u } // size and pad: rows, columns

fn resample(x: ptr<storage, array<f32>, read>, source: Source, plane: u32, at: vec2u) -> f32 {
  let start = plane * source.size.x * source.size.y;
  if (source.mode == 0u) { return x[start + at.x * source.size.y + at.y]; }
  if (source.mode == 1u) {
    let from_ = at * source.size / vec2u(sizes.HEIGHT, sizes.WIDTH);
    return x[start + from_.x * source.size.y + from_.y];
  }
  var best = -3.4028234e38;
  for (var u = 0u; u < 3u; u++) {
    for (var v = 0u; v < 3u; v++) {
      let tap = vec2i(2u * at + vec2u(u, v)) - vec2i(source.pad);
      if (all(tap >= vec2i(0)) && all(tap < vec2i(source.size))) {
        best = max(best, x[start + u32(tap.x) * source.size.y + u32(tap.y)]);
      }
    }
  }
  return best;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (index * sizes.CHUNK >= sizes.PLANES * sizes.HEIGHT * sizes.WIDTH) { return; }
  let source0 = Source(MODE0, vec2u(sizes.HEIGHT0, sizes.WIDTH0), vec2u(sizes.PAD_TOP0, sizes.PAD_LEFT0));
  let source1 = Source(MODE1, vec2u(sizes.HEIGHT1, sizes.WIDTH1), vec2u(sizes.PAD_TOP1, sizes.PAD_LEFT1));
  let source2 = Source(MODE2, vec2u(sizes.HEIGHT2, sizes.WIDTH2), vec2u(sizes.PAD_TOP2, sizes.PAD_LEFT2));
  var w = vec3f();
  for (var k = 0u; k < COUNT; k++) { w[k] = max(weights[k], 0.0); }
  let others = vec3f(w.y + w.z, w.x + w.z, w.x + w.y) + 1e-4;
  let end = min((index + 1u) * sizes.CHUNK, sizes.PLANES * sizes.HEIGHT * sizes.WIDTH);
  var sums = vec3f();
  for (var start = index * sizes.CHUNK; start < end; start += BLOCK) {
    var block = vec3f();
    for (var i = start; i < min(start + BLOCK, end); i++) {
      let plane = i / (sizes.HEIGHT * sizes.WIDTH);
      let at = vec2u(i / sizes.WIDTH % sizes.HEIGHT, i % sizes.WIDTH);
      var maps = vec3f(resample(&x0, source0, plane, at), 0.0, 0.0);
      if (COUNT > 1u) { maps.y = resample(&x1, source1, plane, at); }
      if (COUNT > 2u) { maps.z = resample(&x2, source2, plane, at); }
      if (NORMALIZED) {
        let weighted = w * maps;
        maps = others * maps - vec3f(weighted.y + weighted.z, weighted.x + weighted.z, weighted.x + weighted.y);
      }
      block += dy[i] * maps;
    }
    sums += block;
  }
  let total = w.x + others.x;
  let scale = select(1.0, 1.0 / (total * total), NORMALIZED);
  for (var k = 0u; k < COUNT; k++) {
    dweights[index * COUNT + k] = select(0.0, scale * sums[k], w[k] > 0.0);
  }
}
