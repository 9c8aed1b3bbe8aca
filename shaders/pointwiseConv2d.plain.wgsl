// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
// The plain rung: one invocation, one output element; input channels are summed in order.

override BATCH: u32;
override IN: u32;
override OUT: u32;
override PIXELS: u32;
override TRANSPOSED: bool;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, IN, PIXELS]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [OUT, IN], or [IN, OUT] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;    // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [BATCH, OUT, PIXELS]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  // Sample, output channel and pixel in one, so that 1x1 images fill a workgroup too.
  let element = (group.y * groups.x + group.x) * WORKGROUP + local;
  let sample = element / (OUT * PIXELS);
  if (sample >= BATCH) { return; }
  let output = element / PIXELS % OUT;
  let source = sample * IN * PIXELS + element % PIXELS;
  var sum = bias[output];
  for (var i = 0u; i < IN; i++) {
    let w = select(output * IN + i, i * OUT + output, TRANSPOSED);
    sum += weight[w] * x[source + i * PIXELS];
  }
  y[element] = sum;
}
