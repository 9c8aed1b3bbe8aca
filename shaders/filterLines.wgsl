// Correlation along the middle of three axes, the edge repeated beyond it:
//   y[o,i,n] = sum over t of kernel[o % KERNELS, t] · x[o, clamp(i + t − ⌊TAPS/2⌋), n]
// With COMPLEMENT what the filter takes out of another tensor of the same shape:  y = minuend − that sum.
// One invocation: one element; taps in order.

override TAPS: u32;
override KERNELS: u32;
override COMPLEMENT: u32;
override WORKGROUP: u32;

struct Sizes {
  OUTER: u32,
  LENGTH: u32,
  INNER: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [OUTER, LENGTH, INNER]
@group(0) @binding(1) var<storage, read> kernel: array<f32>; // [KERNELS, TAPS]
@group(0) @binding(2) var<storage, read> minuend: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let line = index / sizes.INNER;
  let outer = line / sizes.LENGTH;
  if (outer >= sizes.OUTER) { return; }
  let own = outer % KERNELS * TAPS;
  let inner = index - line * sizes.INNER;
  let first = i32(line - outer * sizes.LENGTH) - i32(TAPS / 2u);
  let start = outer * sizes.LENGTH * sizes.INNER + inner;
  var sum = 0.0;
  for (var t = 0u; t < TAPS; t++) {
    let i = u32(clamp(first + i32(t), 0, i32(sizes.LENGTH) - 1));
    sum += kernel[own + t] * x[start + i * sizes.INNER];
  }
  if (COMPLEMENT == 1u) { y[index] = minuend[index] - sum; } else { y[index] = sum; }
}
