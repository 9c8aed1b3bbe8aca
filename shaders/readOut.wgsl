// What a detector makes of the photons that reach it, read out in bins of BIN × BIN pixels, as line integrals again:
//   reading = n + √(n + NOISE²) · g     n: the bin's photons; g: a standard normal of its own
//   y[v] = −log(max(reading, 1) / (SHARE · open · BIN²)) · factors[v]
// The noise is uncorrelated, as in amorphous selenium, and counts are in the hundreds, so that Poisson's distribution is taken
// as normal. Without the noise of quanta and electronics where QUIET. One invocation: one bin.

override BIN: u32;
override NOISE: f32; // standard deviation of a reading, in photons
override SHARE: f32; // of the mammogram's exposure
override QUIET: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32,
  ROWS: u32, // bins
  COLUMNS: u32,
}

@group(0) @binding(0) var<storage, read> photons: array<f32>; // [PLANES, ROWS · BIN, COLUMNS · BIN]
@group(0) @binding(1) var<storage, read> open: array<f32>;
@group(0) @binding(2) var<storage, read> key: array<u32>;     // of the random numbers
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [PLANES, ROWS, COLUMNS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let line = i / sizes.COLUMNS;
  if (line >= sizes.PLANES * sizes.ROWS) { return; }
  let width = sizes.COLUMNS * BIN;
  var n = 0.0;
  for (var row = 0u; row < BIN; row++) {
    let start = (line * BIN + row) * width + (i - line * sizes.COLUMNS) * BIN;
    for (var column = 0u; column < BIN; column++) { n += photons[start + column]; }
  }
  if (QUIET == 0u) { n += sqrt(n + NOISE * NOISE) * normalAt(key[0], i); }
  y[i] = -log(max(n, 1.0) / (SHARE * open[0] * f32(BIN * BIN))) * factors[line / sizes.ROWS];
}
