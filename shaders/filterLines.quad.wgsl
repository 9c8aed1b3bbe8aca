// filterLines where the last axis is a multiple of four: one invocation takes four neighbours on it at four places along the
// line, so that tensors are read as vec4, and each load serves four places.

override TAPS: u32;
override KERNELS: u32;
override COMPLEMENT: u32;
override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  LENGTH: u32,
  INNER: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [OUTER, LENGTH, INNER / 4]
@group(0) @binding(1) var<storage, read> kernel: array<f32>; // [KERNELS, TAPS]
@group(0) @binding(2) var<storage, read> minuend: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = sizes.INNER / 4u;
  let runs = (sizes.LENGTH + 3u) / 4u;
  let run = index / quads;
  let outer = run / runs;
  if (outer >= sizes.OUTER) { return; }
  let own = outer % KERNELS * TAPS;
  let place = 4u * (run - outer * runs);
  let first = i32(place) - i32(TAPS / 2u);
  let start = outer * sizes.LENGTH * quads + index - run * quads;
  var sums = array<vec4f, 4>();
  var taps = vec4f(); // of the four places for what is loaded
  for (var t = 0u; t < TAPS + 3u; t++) {
    var tap = 0.0;
    if (t < TAPS) { tap = kernel[own + t]; }
    taps = vec4f(tap, taps.xyz);
    let value = x[start + u32(clamp(first + i32(t), 0, i32(sizes.LENGTH) - 1)) * quads];
    sums[0] += taps.x * value;
    sums[1] += taps.y * value;
    sums[2] += taps.z * value;
    sums[3] += taps.w * value;
  }
  for (var j = 0u; j < min(4u, sizes.LENGTH - place); j++) {
    let at = start + (place + j) * quads;
    if (COMPLEMENT == 1u) { y[at] = minuend[at] - sums[j]; } else { y[at] = sums[j]; }
  }
}
