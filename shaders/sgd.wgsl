// Stochastic gradient descent with momentum over a flat array, PyTorch's form:
//   g = clip · gradient + WEIGHT_DECAY · decay · value     momentum = MOMENTUM · momentum + g     value −= rate · momentum
//   clip = min(1, CLIP_NORM / (norm + 1e-6)), 1 where CLIP_NORM is 0
// `decay` is 1 where weight decay applies, else 0. One invocation: four elements.

override MOMENTUM: f32;
override WEIGHT_DECAY: f32;
override CLIP_NORM: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;       // [LENGTH]
@group(0) @binding(1) var<storage, read> decay: array<vec4f>;           // [LENGTH]
@group(0) @binding(2) var<storage, read> squaredNorm: array<f32>;       // [1], of all gradients
@group(0) @binding(3) var<storage, read> schedule: array<f32>;          // [1]: learning rate
@group(0) @binding(4) var<storage, read_write> values: array<vec4f>;    // [LENGTH]
@group(0) @binding(5) var<storage, read_write> momentum: array<vec4f>;  // [LENGTH]
@group(0) @binding(6) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  var clip = 1.0;
  if (CLIP_NORM > 0.0) { clip = min(1.0, CLIP_NORM / (sqrt(squaredNorm[0]) + 1e-6)); }
  let gradient = clip * gradients[i] + WEIGHT_DECAY * decay[i] * values[i];
  momentum[i] = MOMENTUM * momentum[i] + gradient;
  values[i] -= schedule[0] * momentum[i];
}
