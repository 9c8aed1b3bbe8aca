// y = x. One invocation: sixteen elements side by side, a cache line of a processor, which is what copies fastest where
// an invocation runs on one. The last one leaves what is not there.

override WORKGROUP: u32;

struct Sizes {
  VECTORS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = 4u * ((group.y * groups.x + group.x) * WORKGROUP + local);
  if (i + 3u < sizes.VECTORS) {
    let a = x[i];
    let b = x[i + 1u];
    let c = x[i + 2u];
    let d = x[i + 3u];
    y[i] = a;
    y[i + 1u] = b;
    y[i + 2u] = c;
    y[i + 3u] = d;
  } else {
    for (var k = i; k < sizes.VECTORS; k++) { y[k] = x[k]; }
  }
}
