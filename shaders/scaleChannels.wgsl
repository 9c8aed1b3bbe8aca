// Every plane times its gate, NCHW:  y[n,c,p] = x[n,c,p] · gate[n,c]. One invocation: four elements.

override WORKGROUP: u32;

struct Sizes {
  PIXELS: u32,
  LENGTH: u32, // planes · PIXELS
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [planes, PIXELS]
@group(0) @binding(1) var<storage, read> gate: array<f32>;      // [planes]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [planes, PIXELS]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn gateOf(element: u32) -> f32 { return gate[min(element, sizes.LENGTH - 1u) / sizes.PIXELS]; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let e = 4u * i;
  if (e >= sizes.LENGTH) { return; }
  if (sizes.PIXELS % 4u == 0u) {
    y[i] = x[i] * gateOf(e);
    return;
  }
  let scaled = x[i] * vec4f(gateOf(e), gateOf(e + 1u), gateOf(e + 2u), gateOf(e + 3u));
  y[i] = select(vec4f(), scaled, e + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH));
}
