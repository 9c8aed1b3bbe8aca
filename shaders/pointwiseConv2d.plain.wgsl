// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
// The plain rung: one invocation, one output element; input channels are summed in order.

override TRANSPOSED: bool;
override WORKGROUP: u32;

alias Pixels = f32;

@group(0) @binding(0) var<storage, read> x: array<f32>;       // [BATCH, IN, PIXELS]
@group(0) @binding(1) var<storage, read> weight: array<f32>;  // [OUT, IN], or [IN, OUT] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<f32>;    // [OUT]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [BATCH, OUT, PIXELS]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  // Sample, output channel and pixel in one, so that 1x1 images fill a workgroup too.
  let element = (group.y * groups.x + group.x) * WORKGROUP + local;
  let sample = element / (sizes.OUT * sizes.PIXELS);
  if (sample >= sizes.BATCH) { return; }
  let output = element / sizes.PIXELS % sizes.OUT;
  let source = sample * sizes.IN * sizes.PIXELS + element % sizes.PIXELS;
  var sum = bias[output];
  for (var i = 0u; i < sizes.IN; i++) {
    let w = select(output * sizes.IN + i, i * sizes.OUT + output, TRANSPOSED);
    var v = x[source + i * sizes.PIXELS];
    if (GATED) { v *= gateAt(sample * sizes.IN + i); }
    sum += weight[w] * v;
  }
  y[element] = finish(sum, output, firstNorm(element % sizes.PIXELS), element);
}
