// Gradient of the depthwise convolution with respect to its input, NCHW, for kernels of 3x3 and 5x5 at stride 1 and 2,
// gathered so that each element is written once.
//   dx[n,c,y,x] = sum over taps (u,v) of w[c,u,v] · dy[n,c,i,j]  where  y = i·STRIDE + u − PAD_TOP, x = j·STRIDE + v − PAD_LEFT
//
// One invocation: four neighbouring pixels of a row, which share what they load of dy. At stride 2 only the rows and
// columns of taps that meet an output are visited: at most 4 loads and 10 products a row of taps for four pixels.

override KERNEL: u32;
override STRIDE: u32;
override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · CHANNELS
  CHANNELS: u32,
  HEIGHT: u32,
  WIDTH: u32,
  PAD_TOP: u32,
  PAD_LEFT: u32,
  OUT_HEIGHT: u32,
  OUT_WIDTH: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;       // [batch, CHANNELS, OUT_HEIGHT, OUT_WIDTH]
@group(0) @binding(1) var<storage, read> weight: array<f32>;   // [CHANNELS, 1, KERNEL, KERNEL]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [batch, CHANNELS, HEIGHT, WIDTH]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn gradient(rowStart: u32, column: i32) -> f32 {
  let inside = column >= 0 && column < i32(sizes.OUT_WIDTH);
  return select(0.0, dy[rowStart + u32(clamp(column, 0, i32(sizes.OUT_WIDTH) - 1))], inside);
}

// Four gradients side by side.
fn gradients(rowStart: u32, column: i32) -> vec4f {
  return vec4f(gradient(rowStart, column), gradient(rowStart, column + 1),
               gradient(rowStart, column + 2), gradient(rowStart, column + 3));
}

// Stride 1: pixel k takes dy[right + k − v].
fn stride1(start: u32, right: i32, w: u32) -> vec4f {
  let near = gradients(start, right);
  let before = vec2f(gradient(start, right - 2), gradient(start, right - 1));
  var sum = weight[w] * near + weight[w + 1u] * vec4f(before.y, near.xyz) + weight[w + 2u] * vec4f(before, near.xy);
  if (KERNEL == 5u) {
    let far = vec2f(gradient(start, right - 4), gradient(start, right - 3));
    sum += weight[w + 3u] * vec4f(far.y, before, near.x) + weight[w + 4u] * vec4f(far, before);
  }
  return sum;
}

// Stride 2: pixel k takes dy[(right + k − v) / 2] for the v of its parity.
fn stride2(start: u32, right: i32, w: u32) -> vec4f {
  let far = KERNEL == 5u;
  let w3 = select(0.0, weight[w + select(0u, 3u, far)], far);
  let w4 = select(0.0, weight[w + select(0u, 4u, far)], far);
  if (sizes.PAD_LEFT % 2u == 0u) {
    let d = gradients(start, right / 2 - 2);
    let even = weight[w] * d.zw + weight[w + 2u] * d.yz + w4 * d.xy;
    let odd = weight[w + 1u] * d.zw + w3 * d.yz;
    return vec4f(even.x, odd.x, even.y, odd.y);
  }
  let d = gradients(start, (right - 1) / 2 - 1);
  let even = weight[w + 1u] * d.yz + w3 * d.xy;
  let odd = weight[w] * d.zw + weight[w + 2u] * d.yz + w4 * d.xy;
  return vec4f(even.x, odd.x, even.y, odd.y);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.WIDTH + 3u) / 4u;
  let plane = i / (sizes.HEIGHT * quads);
  if (plane >= sizes.PLANES) { return; }
  let y = i / quads % sizes.HEIGHT;
  let x = i % quads * 4u;
  let bottom = y + sizes.PAD_TOP;
  let right = i32(x + sizes.PAD_LEFT);
  var sum = vec4f();
  for (var u = bottom % STRIDE; u < KERNEL; u += STRIDE) {
    if (u > bottom || (bottom - u) / STRIDE >= sizes.OUT_HEIGHT) { continue; }
    let start = (plane * sizes.OUT_HEIGHT + (bottom - u) / STRIDE) * sizes.OUT_WIDTH;
    let w = (plane % sizes.CHANNELS * KERNEL + u) * KERNEL;
    if (STRIDE == 1u) { sum += stride1(start, right, w); } else { sum += stride2(start, right, w); }
  }
  let target_ = (plane * sizes.HEIGHT + y) * sizes.WIDTH + x;
  for (var k = 0u; k < min(4u, sizes.WIDTH - x); k++) { dx[target_ + k] = sum[k]; }
}
