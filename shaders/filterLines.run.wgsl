// filterLines along the last axis: one invocation takes four neighbouring places, so that each load serves four.

override TAPS: u32;
override KERNELS: u32;
override COMPLEMENT: u32;
override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [OUTER, LENGTH]
@group(0) @binding(1) var<storage, read> kernel: array<f32>; // [KERNELS, TAPS]
@group(0) @binding(2) var<storage, read> minuend: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let runs = (sizes.LENGTH + 3u) / 4u;
  let outer = index / runs;
  if (outer >= sizes.OUTER) { return; }
  let own = outer % KERNELS * TAPS;
  let place = 4u * (index - outer * runs);
  let first = i32(place) - i32(TAPS / 2u);
  let start = outer * sizes.LENGTH;
  var sums = vec4f();
  var taps = vec4f(); // of the four places for what is loaded
  for (var t = 0u; t < TAPS + 3u; t++) {
    var tap = 0.0;
    if (t < TAPS) { tap = kernel[own + t]; }
    taps = vec4f(tap, taps.xyz);
    sums += taps * x[start + u32(clamp(first + i32(t), 0, i32(sizes.LENGTH) - 1))];
  }
  for (var j = 0u; j < min(4u, sizes.LENGTH - place); j++) {
    let at = start + place + j;
    if (COMPLEMENT == 1u) { y[at] = minuend[at] - sums[j]; } else { y[at] = sums[j]; }
  }
}
