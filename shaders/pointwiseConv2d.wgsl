// Pointwise (1x1) convolution with bias, NCHW:  y[n,o,p] = bias[o] + sum over i of w[o,i] · x[n,i,p]
// With TRANSPOSED the weight is read as w[i,o]: the gradient of the convolution with respect to its input.
//
// One invocation: a register tile of 4 output channels × 4 neighbouring pixels. Each step takes 4 input channels: 4
// vec4 loads of x and 4 of the weight for 64 multiply-adds, where the plain rung loads two scalars for each one.
// IN, OUT and PIXELS must be multiples of 4. Input channels are summed in order, four at a time.

override IN: u32;
override OUT: u32;
override PIXELS: u32;
override TRANSPOSED: bool;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // [batch, IN, PIXELS / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;  // [OUT, IN / 4], or [IN, OUT / 4] when TRANSPOSED
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;    // [OUT / 4]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [batch, OUT, PIXELS / 4]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let quads = PIXELS / 4u;
  let tile = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (tile >= OUT / 4u * quads) { return; }
  let output = tile / quads; // in fours
  let quad = tile % quads;
  let source = group.z * IN * quads + quad;
  let b = bias[output];
  var y0 = vec4f(b.x);
  var y1 = vec4f(b.y);
  var y2 = vec4f(b.z);
  var y3 = vec4f(b.w);
  for (var i = 0u; i < IN; i += 4u) {
    let x0 = x[source + i * quads];
    let x1 = x[source + (i + 1u) * quads];
    let x2 = x[source + (i + 2u) * quads];
    let x3 = x[source + (i + 3u) * quads];
    if (TRANSPOSED) {
      let row = i * (OUT / 4u) + output;
      let w0 = weight[row];
      let w1 = weight[row + OUT / 4u];
      let w2 = weight[row + 2u * (OUT / 4u)];
      let w3 = weight[row + 3u * (OUT / 4u)];
      y0 += w0.x * x0 + w1.x * x1 + w2.x * x2 + w3.x * x3;
      y1 += w0.y * x0 + w1.y * x1 + w2.y * x2 + w3.y * x3;
      y2 += w0.z * x0 + w1.z * x1 + w2.z * x2 + w3.z * x3;
      y3 += w0.w * x0 + w1.w * x1 + w2.w * x2 + w3.w * x3;
    } else {
      let row = output * IN + i / 4u;
      let w0 = weight[row];
      let w1 = weight[row + IN / 4u];
      let w2 = weight[row + 2u * (IN / 4u)];
      let w3 = weight[row + 3u * (IN / 4u)];
      y0 += w0.x * x0 + w0.y * x1 + w0.z * x2 + w0.w * x3;
      y1 += w1.x * x0 + w1.y * x1 + w1.z * x2 + w1.w * x3;
      y2 += w2.x * x0 + w2.y * x1 + w2.z * x2 + w2.w * x3;
      y3 += w3.x * x0 + w3.y * x1 + w3.z * x2 + w3.w * x3;
    }
  }
  let target_ = group.z * OUT * quads + 4u * output * quads + quad;
  y[target_] = y0;
  y[target_ + quads] = y1;
  y[target_ + 2u * quads] = y2;
  y[target_ + 3u * quads] = y3;
}
