// Gradient of fuse with respect to its input number INDEX, NCHW, gathered so that each element is written once:
//   dx = relu(w_INDEX) / S · (sum of dz over the outputs that took this pixel) [+ addend, where ADDEND]      S as in fuse
// dz and `taken` are fuseGradSum's. Mode 0: the same pixel. Mode 1: the outputs that repeat it, row by row.
// Mode 2: those of the up to four 3x3 windows over it that took it, row by row. A place is one element of dx; in mode 2 the
// 2x2 pixels, counted from the padding's corner, that the same four windows reach. One invocation: RUN places, WORKGROUP
// apart, so that neighbours read neighbours and what all places share is read once.

override COUNT: u32;
override INDEX: u32;
override NORMALIZED: bool;
override MODE: u32;
override ADDEND: bool;
override RUN: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32,
  HEIGHT: u32, // of dz, at most 1024, as WIDTH
  WIDTH: u32,
  IN_HEIGHT: u32, // of dx
  IN_WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  ROWS: u32, // of a plane's places: those of dx, in mode 2 of its blocks
  COLUMNS: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;  // [COUNT]
@group(0) @binding(1) var<storage, read> dz: array<f32>;       // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(2) var<storage, read> taken: array<u32>;    // [PLANES, HEIGHT, WIDTH], [1] where fuse has no pool
@group(0) @binding(3) var<storage, read> addend: array<f32>;   // [PLANES, IN_HEIGHT, IN_WIDTH], [1] without ADDEND
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // [PLANES, IN_HEIGHT, IN_WIDTH]
@group(0) @binding(5) var<uniform> sizes: Sizes;

// Quotient for n below 2^20: integer division, which CPUs do lane by lane, is not worth its price.
fn divide(n: vec2u, by: vec2u) -> vec2u { return vec2u((vec2f(n) + 0.5) / vec2f(by)); }

fn write(i: u32, value: f32) {
  var earlier = 0.0;
  if (ADDEND) { earlier = addend[i]; }
  dx[i] = earlier + value;
}

// The sum of dz over the outputs that repeat pixel `at`.
fn repeated(plane: u32, at: vec2u) -> f32 {
  let size = vec2u(sizes.HEIGHT, sizes.WIDTH);
  let inSize = vec2u(sizes.IN_HEIGHT, sizes.IN_WIDTH);
  let first = divide(at * size + inSize - 1u, inSize);
  let last = divide((at + 1u) * size + inSize - 1u, inSize);
  var sum = 0.0;
  for (var row = first.x; row < last.x; row++) {
    let start = (plane * sizes.HEIGHT + row) * sizes.WIDTH;
    for (var column = first.y; column < last.y; column++) { sum += dz[start + column]; }
  }
  return sum;
}

struct Window { dz: f32, tap: u32 }

// dz and tap of the window of output `at`; one outside gives a zero.
fn windowOf(plane: u32, at: vec2i) -> Window {
  let last = vec2i(vec2u(sizes.HEIGHT, sizes.WIDTH)) - 1;
  let inside = vec2u(clamp(at, vec2i(), last));
  let i = (plane * sizes.HEIGHT + inside.x) * sizes.WIDTH + inside.y;
  return Window(select(0.0, dz[i], all(at == vec2i(inside))), (taken[i] >> (4u * INDEX)) & 15u);
}

fn ifTaken(window: Window, tap: u32) -> f32 { return select(0.0, window.dz, window.tap == tap); }

fn pooled(plane: u32, block: vec2u, factor: f32) {
  let at = vec2i(block);
  let above = windowOf(plane, at - vec2i(1, 0));
  let left = windowOf(plane, at - vec2i(0, 1));
  let corner = windowOf(plane, at - vec2i(1, 1));
  let own = windowOf(plane, at);
  // The pixels' places in the windows that reach them: row · 3 + column.
  let sums = vec4f(
    ifTaken(corner, 8u) + ifTaken(above, 6u) + ifTaken(left, 2u) + ifTaken(own, 0u),
    ifTaken(above, 7u) + ifTaken(own, 1u),
    ifTaken(left, 5u) + ifTaken(own, 3u),
    ifTaken(own, 4u));
  for (var k = 0u; k < 4u; k++) {
    let pixel = 2 * at + vec2i(vec2u(k / 2u, k % 2u)) - vec2i(vec2u(sizes.PAD_TOP, sizes.PAD_LEFT));
    if (all(pixel >= vec2i()) && all(pixel < vec2i(vec2u(sizes.IN_HEIGHT, sizes.IN_WIDTH)))) {
      write((plane * sizes.IN_HEIGHT + u32(pixel.x)) * sizes.IN_WIDTH + u32(pixel.y), factor * sums[k]);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP * RUN;
  let columns = sizes.COLUMNS;
  let each = sizes.ROWS * columns;
  let length = sizes.PLANES * each;
  var total = 0.0;
  for (var k = 0u; k < COUNT; k++) { total += max(weights[k], 0.0); }
  let factor = max(weights[INDEX], 0.0) * select(1.0, 1.0 / (total + 1e-4), NORMALIZED);
  for (var k = 0u; k < RUN; k++) {
    let i = first + k * WORKGROUP + local;
    if (i >= length) { return; }
    if (MODE == 0u) {
      write(i, factor * dz[i]);
      continue;
    }
    let offset = first % each + i - first;
    let planes = divide(vec2u(offset), vec2u(each)).x;
    let place = offset - planes * each;
    let row = divide(vec2u(place), vec2u(columns)).x;
    let at = vec2u(row, place - row * columns);
    let plane = first / each + planes;
    if (MODE == 1u) { write(i, factor * repeated(plane, at)); } else { pooled(plane, at, factor); }
  }
}
