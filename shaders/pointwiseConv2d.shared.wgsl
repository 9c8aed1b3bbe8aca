// The rung for GPUs. A workgroup of 32 · ROWS invocations computes 8 · ROWS output channels × 32 quads (128 pixels), in
// panels of ROWS input channels that lie in workgroup memory. While one is multiplied the next is loaded into registers, one
// quad of pixels an invocation and at most one vec4 of weights, and then stored in the other half of the memory, so that
// there is one barrier a panel. Meant for 32 lanes in step: they share their output channels and have neighbouring quads.
//
//   ROWS  tile      invocations  workgroup memory  FLOPs per byte loaded into a tile
//   8     64 × 128  256          12 KiB            21
//   4     32 × 128  128           5 KiB            13
//
// Four input channels take 4 vec4s of pixels (32 lanes × 16 bytes, each bank equally often) and 8 of weights (one
// address, a broadcast) for 128 multiply-adds: 24 cycles of workgroup memory for 32 lanes, so 96 for the four such groups that
// an SM multiplies in 128 cycles. Some 80 registers: 32 sums, 16 pixels, 8 ahead; three workgroups of 256 an SM.
// Workgroups that follow each other differ in output channels first, so that pixels come from memory once and then from its
// cache. Rows of channels beyond the last help to load and skip the arithmetic.

override ROWS: u32; // 4 or 8

const LANES = 32u;

var<workgroup> pixelPanels: array<vec4f, 2u * ROWS * LANES>;      // [2, ROWS (input channels), LANES]
var<workgroup> weightPanels: array<vec4f, 2u * 2u * ROWS * ROWS>; // [2, ROWS / 4, ROWS, 8]

// A panel's quad of pixels that an invocation loads; zero beyond the last input channel, whatever the weights are there.
fn pixelAhead(sample: u32, source: u32, input: u32) -> vec4f {
  let i = min(input, sizes.IN - 1u);
  var v = x[source + i * (sizes.PIXELS / 4u)];
  if (GATED) { v *= gateAt((sample * sizes.IN + i) / 4u)[i % 4u]; }
  return select(vec4f(), v, input < sizes.IN);
}

// Number `local` of a panel's weights, for output channels from `tile`.
fn weightAhead(tile: u32, input: u32, local: u32) -> vec4f {
  if (local >= 2u * ROWS * ROWS) { return vec4f(); }
  let step = local / (8u * ROWS) * 4u;
  return weights(tile + local / 8u % ROWS * 8u, min(input + step, sizes.IN - 1u), local % 8u);
}

fn keep(half: u32, local: u32, pixel: vec4f, weight_: vec4f) {
  pixelPanels[half * ROWS * LANES + local] = pixel;
  if (local < 2u * ROWS * ROWS) { weightPanels[half * 2u * ROWS * ROWS + local] = weight_; }
}

fn addPanel(t: ptr<function, Tile>, half: u32, row: u32, lane: u32) {
  for (var step = 0u; step < ROWS / 4u; step++) {
    let p = (half * ROWS + step * 4u) * LANES + lane;
    let v = mat4x4f(pixelPanels[p], pixelPanels[p + LANES], pixelPanels[p + 2u * LANES], pixelPanels[p + 3u * LANES]);
    let w = half * 2u * ROWS * ROWS + (step * ROWS + row) * 8u;
    multiply(t, v, weightPanels[w], weightPanels[w + 1u], weightPanels[w + 2u], weightPanels[w + 3u],
             weightPanels[w + 4u], weightPanels[w + 5u], weightPanels[w + 6u], weightPanels[w + 7u]);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let quads = sizes.PIXELS / 4u;
  let count = sizes.BATCH * quads;
  let tiles = (sizes.OUT + 8u * ROWS - 1u) / (8u * ROWS);
  let number = group.y * groups.x + group.x;
  let start = number / tiles * LANES;
  if (start >= count) { return; }
  let tile = number % tiles * 8u * ROWS;
  let lane = local % LANES;
  let row = local / LANES;
  let first = tile + row * 8u;
  let index = min(start + lane, count - 1u);
  let sample = index / quads;
  let quad = index % quads;
  let source = sourceOf(sample, quad);
  keep(0u, local, pixelAhead(sample, source, row), weightAhead(tile, 0u, local));
  workgroupBarrier();
  var t = Tile();
  var half = 0u;
  for (var i = ROWS; i < sizes.IN + ROWS; i += ROWS) {
    let pixel = pixelAhead(sample, source, i + row);
    let weight_ = weightAhead(tile, i, local);
    if (first < sizes.OUT) { addPanel(&t, half, row, lane); }
    half = 1u - half;
    keep(half, local, pixel, weight_);
    workgroupBarrier();
  }
  if (first < sizes.OUT && start + lane < count) { store(t, sample, first, quad); }
}

