// A synthetic picture from slices: the mean of some coarse ones, and the brightest of the fine ones over the height:
//   y[p] = mean over k of coarse[k,p] + DETAIL · max over k of fine[k,p]
// One invocation: one pixel.

override DETAIL: f32;
override WORKGROUP: u32;

struct Sizes {
  PIXELS: u32,
  SLICES: u32,
  COARSE_SLICES: u32, // may be 0
}

@group(0) @binding(0) var<storage, read> fine: array<f32>;    // [SLICES, PIXELS]
@group(0) @binding(1) var<storage, read> coarse: array<f32>;  // [COARSE_SLICES, PIXELS]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [PIXELS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let p = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (p >= sizes.PIXELS) { return; }
  var brightest = fine[p];
  for (var k = 1u; k < sizes.SLICES; k++) { brightest = max(brightest, fine[k * sizes.PIXELS + p]); }
  var sum = 0.0;
  for (var k = 0u; k < sizes.COARSE_SLICES; k++) { sum += coarse[k * sizes.PIXELS + p]; }
  y[p] = sum / f32(max(sizes.COARSE_SLICES, 1u)) + DETAIL * brightest;
}
