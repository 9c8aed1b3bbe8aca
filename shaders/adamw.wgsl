// AdamW over a flat array (arXiv 1711.05101, PyTorch's form), g the clipped gradient as in sgd:
//   value −= rate · WEIGHT_DECAY · decay · value
//   first = BETA1 · first + SHARE1 · g     second = BETA2 · second + SHARE2 · g²     SHAREN = 1 − BETAN, from the host:
//   float32 would be off by 1e-5 of 1 − 0.999, and the corrections are not
//   value −= rate / correction1 · first / (sqrt(second / correction2) + EPSILON)     correctionN = 1 − BETAN^step
// `decay` is 1 where weight decay applies, else 0. One invocation: four elements.

override BETA1: f32;
override BETA2: f32;
override SHARE1: f32;
override SHARE2: f32;
override EPSILON: f32;
override WEIGHT_DECAY: f32;
override CLIP_NORM: f32;
override WORKGROUP: u32;

struct Sizes {
  LENGTH: u32,
}

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;          // [LENGTH]
@group(0) @binding(1) var<storage, read> decay: array<vec4f>;              // [LENGTH]
@group(0) @binding(2) var<storage, read> squaredNorm: array<f32>;          // [1], of all gradients
@group(0) @binding(3) var<storage, read> schedule: array<f32>;             // [3]: learning rate, correction1, correction2
@group(0) @binding(4) var<storage, read_write> values: array<vec4f>;       // [LENGTH]
@group(0) @binding(5) var<storage, read_write> momentum: array<vec4f>;     // [LENGTH], first moment
@group(0) @binding(6) var<storage, read_write> secondMoment: array<vec4f>; // [LENGTH]
@group(0) @binding(7) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (4u * i >= sizes.LENGTH) { return; }
  var clip = 1.0;
  if (CLIP_NORM > 0.0) { clip = min(1.0, CLIP_NORM / (sqrt(squaredNorm[0]) + 1e-6)); }
  let gradient = clip * gradients[i];
  let first = BETA1 * momentum[i] + SHARE1 * gradient;
  let second = BETA2 * secondMoment[i] + SHARE2 * gradient * gradient;
  momentum[i] = first;
  secondMoment[i] = second;
  let shrunk = values[i] * (1.0 - schedule[0] * WEIGHT_DECAY * decay[i]);
  values[i] = shrunk - schedule[0] / schedule[1] * first / (sqrt(second / schedule[2]) + EPSILON);
}
