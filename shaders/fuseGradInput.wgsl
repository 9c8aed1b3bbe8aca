// Gradient of fuse with respect to its input number INDEX, NCHW, gathered so that each element is written once:
//   dx = relu(w_INDEX) / S · (sum of dy over the outputs that took this pixel)      S as in fuse
// Mode 0: the same pixel. Mode 1: the outputs that repeat it. Mode 2: those of the up to four 3x3 windows over it whose
// first maximum, in row-major order, it is. One invocation: one element of dx.

override COUNT: u32;
override INDEX: u32;
override NORMALIZED: bool;
override MODE: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32,
  HEIGHT: u32, // of dy
  WIDTH: u32,
  IN_HEIGHT: u32, // of x and dx
  IN_WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;        // [PLANES, IN_HEIGHT, IN_WIDTH]
@group(0) @binding(1) var<storage, read> weights: array<f32>;  // [COUNT]
@group(0) @binding(2) var<storage, read> dy: array<f32>;       // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [PLANES, IN_HEIGHT, IN_WIDTH]
@group(0) @binding(4) var<uniform> sizes: Sizes;

// Whether pixel `at` is the first maximum of the window of output `out`: no tap is larger, no earlier one as large.
fn isFirstMaximum(start: u32, out: vec2u, at: vec2u) -> bool {
  let value = x[start + at.x * sizes.IN_WIDTH + at.y];
  for (var u = 0u; u < 3u; u++) {
    for (var v = 0u; v < 3u; v++) {
      let tap = vec2i(2u * out + vec2u(u, v)) - vec2i(vec2u(sizes.PAD_TOP, sizes.PAD_LEFT));
      if (any(tap < vec2i(0)) || any(tap >= vec2i(vec2u(sizes.IN_HEIGHT, sizes.IN_WIDTH)))) { continue; }
      let other = x[start + u32(tap.x) * sizes.IN_WIDTH + u32(tap.y)];
      let earlier = u32(tap.x) * sizes.IN_WIDTH + u32(tap.y) < at.x * sizes.IN_WIDTH + at.y;
      if (other > value || (earlier && other == value)) { return false; }
    }
  }
  return true;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= sizes.PLANES * sizes.IN_HEIGHT * sizes.IN_WIDTH) { return; }
  let plane = i / (sizes.IN_HEIGHT * sizes.IN_WIDTH);
  let at = vec2u(i / sizes.IN_WIDTH % sizes.IN_HEIGHT, i % sizes.IN_WIDTH);
  let upstream = plane * sizes.HEIGHT * sizes.WIDTH;
  var total = 0.0;
  for (var k = 0u; k < COUNT; k++) { total += max(weights[k], 0.0); }
  let scale = max(weights[INDEX], 0.0) * select(1.0, 1.0 / (total + 1e-4), NORMALIZED);
  var sum = 0.0;
  if (MODE == 0u) {
    sum = dy[i];
  } else if (MODE == 1u) {
    let size = vec2u(sizes.HEIGHT, sizes.WIDTH);
    let inSize = vec2u(sizes.IN_HEIGHT, sizes.IN_WIDTH);
    let first = (at * size + inSize - 1u) / inSize;
    let last = ((at + 1u) * size + inSize - 1u) / inSize;
    for (var row = first.x; row < last.x; row++) {
      for (var column = first.y; column < last.y; column++) { sum += dy[upstream + row * sizes.WIDTH + column]; }
    }
  } else {
    let padded = at + vec2u(sizes.PAD_TOP, sizes.PAD_LEFT);
    let first = (max(padded, vec2u(2u)) - 1u) / 2u; // the lowest output whose window reaches here
    let last = min(padded / 2u, vec2u(sizes.HEIGHT, sizes.WIDTH) - 1u);
    for (var row = first.x; row <= last.x; row++) {
      for (var column = first.y; column <= last.y; column++) {
        if (isFirstMaximum(plane * sizes.IN_HEIGHT * sizes.IN_WIDTH, vec2u(row, column), at)) {
          sum += dy[upstream + row * sizes.WIDTH + column];
        }
      }
    }
  }
  dx[i] = scale * sum;
}
