// filterLines where the last axis is a multiple of four: one invocation takes four neighbours on it, so that a load of the
// kernel serves four and the tensors are read as vec4.

override TAPS: u32;
override COMPLEMENT: u32;
override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  LENGTH: u32,
  INNER: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>; // [OUTER, LENGTH, INNER / 4]
@group(0) @binding(1) var<storage, read> kernel: array<f32>;
@group(0) @binding(2) var<storage, read> minuend: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = sizes.INNER / 4u;
  let line = index / quads;
  let outer = line / sizes.LENGTH;
  if (outer >= sizes.OUTER) { return; }
  let first = i32(line - outer * sizes.LENGTH) - i32(TAPS / 2u);
  let start = outer * sizes.LENGTH * quads + index - line * quads;
  var sum = vec4f();
  for (var t = 0u; t < TAPS; t++) {
    let i = u32(clamp(first + i32(t), 0, i32(sizes.LENGTH) - 1));
    sum += kernel[t] * x[start + i * quads];
  }
  if (COMPLEMENT == 1u) { y[index] = minuend[index] - sum; } else { y[index] = sum; }
}
