// Every plane times its gate, NCHW:  y[n,c,p] = x[n,c,p] · gate[n,c]. One invocation: four elements.

override PIXELS: u32;
override LENGTH: u32; // planes · PIXELS
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [planes, PIXELS]
@group(0) @binding(1) var<storage, read> gate: array<f32>;      // [planes]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [planes, PIXELS]

fn gateOf(element: u32) -> f32 { return gate[min(element, LENGTH - 1u) / PIXELS]; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let e = 4u * i;
  if (e >= LENGTH) { return; }
  if (PIXELS % 4u == 0u) {
    y[i] = x[i] * gateOf(e);
    return;
  }
  let scaled = x[i] * vec4f(gateOf(e), gateOf(e + 1u), gateOf(e + 2u), gateOf(e + 3u));
  y[i] = select(vec4f(), scaled, e + vec4u(0u, 1u, 2u, 3u) < vec4u(LENGTH));
}
