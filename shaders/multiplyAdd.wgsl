// x = x · FACTOR + SUMMAND, four times ROUNDS times. One invocation: four vectors of four elements, a workgroup apart,
// whose sixteen chains do not wait for one another.

override FACTOR: f32;
override SUMMAND: f32;
override WORKGROUP: u32;

struct Sizes {
  VECTORS: u32,
  ROUNDS: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<uniform> sizes: Sizes;

fn load(i: u32) -> vec4f { return x[min(i, sizes.VECTORS - 1u)]; }
fn store(i: u32, value: vec4f) { if (i < sizes.VECTORS) { x[i] = value; } }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * 4u * WORKGROUP + local;
  let factor = vec4f(FACTOR);
  let summand = vec4f(SUMMAND);
  var a = load(i);
  var b = load(i + WORKGROUP);
  var c = load(i + 2u * WORKGROUP);
  var d = load(i + 3u * WORKGROUP);
  // Four steps a round, so that the loop's own work hardly counts.
  for (var round = 0u; round < sizes.ROUNDS; round++) {
    a = fma(a, factor, summand); b = fma(b, factor, summand); c = fma(c, factor, summand); d = fma(d, factor, summand);
    a = fma(a, factor, summand); b = fma(b, factor, summand); c = fma(c, factor, summand); d = fma(d, factor, summand);
    a = fma(a, factor, summand); b = fma(b, factor, summand); c = fma(c, factor, summand); d = fma(d, factor, summand);
    a = fma(a, factor, summand); b = fma(b, factor, summand); c = fma(c, factor, summand); d = fma(d, factor, summand);
  }
  store(i, a);
  store(i + WORKGROUP, b);
  store(i + 2u * WORKGROUP, c);
  store(i + 3u * WORKGROUP, d);
}
