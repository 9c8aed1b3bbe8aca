// What the kernels of a BiFPN node share: its inputs, how each is brought to the output's size, and their weights. Put in front
// of fuse.wgsl, which says what the modes are, fuseGradSum.wgsl and fuseGradInput.wgsl.

override COUNT: u32;
override NORMALIZED: bool;
override MODE0: u32;
override MODE1: u32;
override MODE2: u32;
override WORKGROUP: u32;

// An input: its mode, and rows and columns of its map and of its padding.
struct Source { mode: u32, size: vec2u, pad: vec2u }

fn source0() -> Source {
  return Source(MODE0, vec2u(sizes.HEIGHT0, sizes.WIDTH0), vec2u(sizes.PAD_TOP0, sizes.PAD_LEFT0));
}

fn source1() -> Source {
  return Source(MODE1, vec2u(sizes.HEIGHT1, sizes.WIDTH1), vec2u(sizes.PAD_TOP1, sizes.PAD_LEFT1));
}

fn source2() -> Source {
  return Source(MODE2, vec2u(sizes.HEIGHT2, sizes.WIDTH2), vec2u(sizes.PAD_TOP2, sizes.PAD_LEFT2));
}

// relu(w_i); zero for inputs that do not count.
fn positiveWeights() -> vec3f {
  var w = vec3f();
  for (var k = 0u; k < COUNT; k++) { w[k] = max(weights[k], 0.0); }
  return w;
}

// S of positive weights.
fn totalWeight(w: vec3f) -> f32 { return select(1.0, w.x + w.y + w.z + 1e-4, NORMALIZED); }

// Quotient for n below 2^20: integer division, which CPUs do lane by lane, is not worth its price.
fn divide(n: vec2u, by: vec2u) -> vec2u { return vec2u((vec2f(n) + 0.5) / vec2f(by)); }

// An element of an input brought to the output's size, and in mode 2 which tap of its window that is: row · 3 + column.
struct Sample { value: f32, tap: u32 }

// Taps outside are moved to the nearest pixel, which is another tap: no maximum changes, and no branch diverges.
fn resample(x: ptr<storage, array<f32>, read>, source: Source, plane: u32, at: vec2u) -> Sample {
  let start = plane * source.size.x * source.size.y;
  if (source.mode == 0u) { return Sample(x[start + at.x * source.size.y + at.y], 0u); }
  if (source.mode == 1u) {
    let from_ = divide(at * source.size, vec2u(sizes.HEIGHT, sizes.WIDTH));
    return Sample(x[start + from_.x * source.size.y + from_.y], 0u);
  }
  let corner = vec2i(2u * at) - vec2i(source.pad);
  var best = -3.4028234e38;
  var tap = 0;
  for (var u = 0; u < 3; u++) {
    let row = clamp(corner.x + u, 0, i32(source.size.x) - 1);
    for (var v = 0; v < 3; v++) {
      let column = clamp(corner.y + v, 0, i32(source.size.y) - 1);
      let value = x[start + u32(row) * source.size.y + u32(column)];
      tap = select(tap, (row - corner.x) * 3 + column - corner.y, value > best);
      best = max(best, value);
    }
  }
  return Sample(best, u32(tap));
}

