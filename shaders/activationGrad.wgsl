// dx = dy · s · (1 − s) with s = sigmoid(x), or dy · s · (1 + x · (1 − s)) when SWISH. One invocation: four elements.

override SWISH: bool;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  let value = x[i];
  let s = 1.0 / (1.0 + exp(min(-value, vec4f(80.0))));
  let slope = select(s * (1.0 - s), s * (1.0 + value * (1.0 - s)), SWISH);
  dx[i] = select(vec4f(), dy[i] * slope, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH));
}
