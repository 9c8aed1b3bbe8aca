// Gradients of fuse with respect to its inputs, NCHW, gathered so that each element is written once:
//   dx_i = relu(w_i) / S · (sum of dz over the outputs that took this pixel) [+ addend_i, where ADDEND_i]      S as in fuse
// Put behind fuseSources.wgsl. dz and `taken` are fuseGradSum's. Mode 0: the same pixel. Mode 1: the outputs that repeat it, row by row.
// Mode 2: those of the up to four 3x3 windows over it that took it, row by row.
// A place is an output and the 2x2 pixels of a pooled input, counted from the padding's corner, that begin at its window; with
// such an input there may be one row and column of places more than of outputs. One invocation: RUN blocks, WORKGROUP apart,
// of the places that repeat one pixel of the input in mode 1, else of one place; so dz is loaded once for all inputs
// but the pooled ones. Inputs in mode 1 are of one size.

override UPSAMPLES: bool; // whether an input is in mode 1
override ADDEND0: bool;
override ADDEND1: bool;
override ADDEND2: bool;
override RUN: u32;

struct Sizes {
  PLANES: u32,
  HEIGHT: u32, // of dz, at most 1024, as WIDTH
  WIDTH: u32,
  HEIGHT0: u32, // of dx0
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
  ROWS: u32, // of a plane's places
  COLUMNS: u32,
  BLOCK_ROWS: u32, // of a plane's blocks
  BLOCK_COLUMNS: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;   // [COUNT]
@group(0) @binding(1) var<storage, read> dz: array<f32>;        // [PLANES, HEIGHT, WIDTH]
@group(0) @binding(2) var<storage, read> taken: array<u32>;     // [PLANES, HEIGHT, WIDTH], [1] where fuse has no pool
@group(0) @binding(3) var<storage, read> addend0: array<f32>;   // as dx0, [1] without ADDEND0
@group(0) @binding(4) var<storage, read> addend1: array<f32>;
@group(0) @binding(5) var<storage, read> addend2: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx0: array<f32>; // [PLANES, HEIGHT0, WIDTH0]
@group(0) @binding(7) var<storage, read_write> dx1: array<f32>; // as dx0; beyond COUNT a zero
@group(0) @binding(8) var<storage, read_write> dx2: array<f32>;
@group(0) @binding(9) var<uniform> sizes: Sizes;

// Of an input, what its gradient depends on: its number, relu(w) / S, and whether something is added.
struct Input { index: u32, source: Source, factor: f32, adds: bool }

fn write(dx: ptr<storage, array<f32>, read_write>, addend: ptr<storage, array<f32>, read>, input: Input, i: u32, sum: f32) {
  var earlier = 0.0;
  if (input.adds) { earlier = addend[i]; }
  dx[i] = earlier + input.factor * sum;
}

struct Window { dz: f32, tap: u32 }

// dz and tap of the window of output `at`; one outside gives a zero.
fn windowOf(index: u32, plane: u32, at: vec2i) -> Window {
  let last = vec2i(vec2u(sizes.HEIGHT, sizes.WIDTH)) - 1;
  let inside = vec2u(clamp(at, vec2i(), last));
  let i = (plane * sizes.HEIGHT + inside.x) * sizes.WIDTH + inside.y;
  return Window(select(0.0, dz[i], all(at == vec2i(inside))), (taken[i] >> (4u * index)) & 15u);
}

fn ifTaken(window: Window, tap: u32) -> f32 { return select(0.0, window.dz, window.tap == tap); }

// What the 2x2 pixels of a pool's block get, row by row.
fn pooled(index: u32, plane: u32, at: vec2i) -> vec4f {
  let above = windowOf(index, plane, at - vec2i(1, 0));
  let left = windowOf(index, plane, at - vec2i(0, 1));
  let corner = windowOf(index, plane, at - vec2i(1, 1));
  let own = windowOf(index, plane, at);
  // The pixels' places in the windows that reach them: row · 3 + column.
  return vec4f(
    ifTaken(corner, 8u) + ifTaken(above, 6u) + ifTaken(left, 2u) + ifTaken(own, 0u),
    ifTaken(above, 7u) + ifTaken(own, 1u),
    ifTaken(left, 5u) + ifTaken(own, 3u),
    ifTaken(own, 4u));
}

// Writes what a place gives an input that is not in mode 1.
fn spread(dx: ptr<storage, array<f32>, read_write>, addend: ptr<storage, array<f32>, read>, input: Input, plane: u32,
          at: vec2u, i: u32, inside: bool, slope: f32) {
  let source = input.source;
  if (source.mode == 0u && inside) { write(dx, addend, input, i, slope); }
  if (source.mode == 2u) {
    let start = plane * source.size.x * source.size.y;
    let sums = pooled(input.index, plane, vec2i(at));
    for (var k = 0u; k < 4u; k++) {
      let pixel = 2 * vec2i(at) + vec2i(vec2u(k / 2u, k % 2u)) - vec2i(source.pad);
      if (all(pixel >= vec2i()) && all(pixel < vec2i(source.size))) {
        write(dx, addend, input, start + u32(pixel.x) * source.size.y + u32(pixel.y), sums[k]);
      }
    }
  }
}

// Writes what a place gives all inputs that are not in mode 1; returns its dz, zero beyond the outputs.
fn visit(plane: u32, at: vec2u, input0: Input, input1: Input, input2: Input) -> f32 {
  let size = vec2u(sizes.HEIGHT, sizes.WIDTH);
  let inside = all(at < size);
  let i = (plane * size.x + at.x) * size.y + at.y;
  let slope = select(0.0, dz[min(i, sizes.PLANES * size.x * size.y - 1u)], inside);
  spread(&dx0, &addend0, input0, plane, at, i, inside, slope);
  if (COUNT > 1u) { spread(&dx1, &addend1, input1, plane, at, i, inside, slope); }
  if (COUNT > 2u) { spread(&dx2, &addend2, input2, plane, at, i, inside, slope); }
  return slope;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let start = (group.y * groups.x + group.x) * WORKGROUP * RUN;
  let blocks = vec2u(sizes.BLOCK_ROWS, sizes.BLOCK_COLUMNS);
  let each = blocks.x * blocks.y;
  let size = vec2u(sizes.HEIGHT, sizes.WIDTH);
  let places = vec2u(sizes.ROWS, sizes.COLUMNS);
  let w = positiveWeights();
  let factors = w / totalWeight(w);
  let input0 = Input(0u, source0(), factors.x, ADDEND0);
  let input1 = Input(1u, source1(), factors.y, ADDEND1);
  let input2 = Input(2u, source2(), factors.z, ADDEND2);
  for (var k = 0u; k < RUN; k++) {
    let block = start + k * WORKGROUP + local;
    if (block >= sizes.PLANES * each) { return; }
    if (COUNT < 2u && block == 0u) { dx1[0] = 0.0; }
    if (COUNT < 3u && block == 0u) { dx2[0] = 0.0; }
    let offset = start % each + block - start;
    let planes = divide(vec2u(offset), vec2u(each)).x;
    let row = divide(vec2u(offset - planes * each), blocks.yy).x;
    let at = vec2u(row, offset - planes * each - row * blocks.y);
    let plane = start / each + planes;
    if (!UPSAMPLES) {
      visit(plane, at, input0, input1, input2);
      continue;
    }
    let first = divide(at * size + blocks - 1u, blocks);
    let end = divide((at + 1u) * size + blocks - 1u, blocks);
    let last = select(end, places, at + 1u == blocks);
    var sum = 0.0;
    for (var y = first.x; y < last.x; y++) {
      for (var x = first.y; x < last.y; x++) { sum += visit(plane, vec2u(y, x), input0, input1, input2); }
    }
    if (MODE0 == 1u) { write(&dx0, &addend0, input0, block, sum); }
    if (COUNT > 1u && MODE1 == 1u) { write(&dx1, &addend1, input1, block, sum); }
    if (COUNT > 2u && MODE2 == 1u) { write(&dx2, &addend2, input2, block, sum); }
  }
}
