// Gradients of a dense layer on vectors, given that of its sums z:
//   dweight[o,i] = sum over n of dz[n,o] · x[n,i]   dbias[o] = sum over n of dz[n,o]
//   dx[n,i] = (sum over o of weight[o,i] · dz[n,o]) · (SWISH ? swish'(before[n,i]) : 1)   where x = swish(before)
// One invocation: one element of dweight, of dbias or of dx, in this order; sums in order.

override SWISH: bool;
override WORKGROUP: u32;

struct Sizes {
  BATCH: u32,
  IN: u32,
  OUT: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [BATCH, IN]
@group(0) @binding(1) var<storage, read> before: array<f32>;        // [BATCH, IN], or anything without SWISH
@group(0) @binding(2) var<storage, read> weight: array<f32>;        // [OUT, IN]
@group(0) @binding(3) var<storage, read> dz: array<f32>;            // [BATCH, OUT]
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>; // [OUT, IN]
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;   // [OUT]
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;      // [BATCH, IN]
@group(0) @binding(7) var<uniform> sizes: Sizes;

fn gradientOfWeight(element: u32) {
  let output = element / sizes.IN;
  let input = element % sizes.IN;
  var sum = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) { sum += dz[n * sizes.OUT + output] * x[n * sizes.IN + input]; }
  dweight[element] = sum;
}

fn gradientOfBias(output: u32) {
  var sum = 0.0;
  for (var n = 0u; n < sizes.BATCH; n++) { sum += dz[n * sizes.OUT + output]; }
  dbias[output] = sum;
}

fn gradientOfInput(element: u32) {
  let sample = element / sizes.IN;
  let input = element % sizes.IN;
  var sum = 0.0;
  for (var o = 0u; o < sizes.OUT; o++) { sum += weight[o * sizes.IN + input] * dz[sample * sizes.OUT + o]; }
  if (SWISH) {
    let value = before[element];
    let s = 1.0 / (1.0 + exp(min(-value, 80.0)));
    sum *= s * (1.0 + value * (1.0 - s));
  }
  dx[element] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let weights = sizes.OUT * sizes.IN;
  if (i < weights) {
    gradientOfWeight(i);
  } else if (i < weights + sizes.OUT) {
    gradientOfBias(i - weights);
  } else if (i < weights + sizes.OUT + sizes.BATCH * sizes.IN) {
    gradientOfInput(i - weights - sizes.OUT);
  }
}
