// Beer and Lambert's law: the photons that reach a pixel, y = SHARE · open · exp(−x). One invocation: four pixels.

override SHARE: f32; // of the mammogram's exposure
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;  // line integrals
@group(0) @binding(1) var<storage, read> open: array<f32>; // photons of a pixel with nothing in the beam
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  let inside = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(sizes.LENGTH);
  y[i] = select(vec4f(), SHARE * open[0] * exp(-x[i]), inside);
}
