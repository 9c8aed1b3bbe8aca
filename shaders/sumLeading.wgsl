// Sum of up to six tensors over their leading dimensions:  y[i] = Σ over k of (x_k[0,i] + x_k[1,i] + …), each x_k in
// eights from its start, then x0's sum, x1's, … in this order. The second stage of reductions whose first stage leaves
// SPLITSk partial results, and the sum of all that flows into one gradient. Bindings beyond COUNT are not read.
// The rung for whole tensors, where every SPLITSk is 1. One invocation: four elements of y.

override COUNT: u32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x0: array<vec4f>; // [LENGTH], as all
@group(0) @binding(1) var<storage, read> x1: array<vec4f>;
@group(0) @binding(2) var<storage, read> x2: array<vec4f>;
@group(0) @binding(3) var<storage, read> x3: array<vec4f>;
@group(0) @binding(4) var<storage, read> x4: array<vec4f>;
@group(0) @binding(5) var<storage, read> x5: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(7) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  var sum = x0[i];
  if (COUNT > 1u) { sum += x1[i]; }
  if (COUNT > 2u) { sum += x2[i]; }
  if (COUNT > 3u) { sum += x3[i]; }
  if (COUNT > 4u) { sum += x4[i]; }
  if (COUNT > 5u) { sum += x5[i]; }
  y[i] = select(vec4f(), sum, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH));
}
