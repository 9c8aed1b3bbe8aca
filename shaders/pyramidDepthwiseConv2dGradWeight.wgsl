// Gradient of the depthwise 3x3 convolution of a packed pyramid with respect to its weight, a partial sum a sample that
// sumLeading adds:
//   partial[n,c,u,v] = sum over the levels and their i, j of dy[n,c,i,j] · x[n,c, i + u − 1, j + v − 1]
// One invocation: one channel of one sample. It slides along the rows of each level two at a time, so that 6 loads serve 18
// multiply-adds; each pair of rows is summed apart and then added, so that no running sum grows long.

override WORKGROUP: u32;

struct Sizes {
  PLANES: u32, // batch · channels
  PIXELS: u32, // of all levels, and what fills them up
  HEIGHT0: u32, // 0 where there is no such level
  WIDTH0: u32,
  HEIGHT1: u32,
  WIDTH1: u32,
  HEIGHT2: u32,
  WIDTH2: u32,
  HEIGHT3: u32,
  WIDTH3: u32,
  HEIGHT4: u32,
  WIDTH4: u32,
  HEIGHT5: u32,
  WIDTH5: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;             // [batch, channels, PIXELS]
@group(0) @binding(1) var<storage, read> dy: array<f32>;            // [batch, channels, PIXELS]
@group(0) @binding(2) var<storage, read_write> partial: array<f32>; // [batch, channels, 3, 3]
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn sizeOf(level: u32) -> vec2u {
  switch (level) {
    case 0u: { return vec2u(sizes.HEIGHT0, sizes.WIDTH0); }
    case 1u: { return vec2u(sizes.HEIGHT1, sizes.WIDTH1); }
    case 2u: { return vec2u(sizes.HEIGHT2, sizes.WIDTH2); }
    case 3u: { return vec2u(sizes.HEIGHT3, sizes.WIDTH3); }
    case 4u: { return vec2u(sizes.HEIGHT4, sizes.WIDTH4); }
    default: { return vec2u(sizes.HEIGHT5, sizes.WIDTH5); }
  }
}

// The pixels of four neighbouring rows in one column; those outside the level are zero.
fn column(start: u32, size: vec2u, top: i32, at: u32) -> vec4f {
  if (at >= size.y) { return vec4f(); }
  let rows = vec4i(top) + vec4i(0, 1, 2, 3);
  let inside = vec4u(clamp(rows, vec4i(0), vec4i(i32(size.x) - 1))) * size.y + start + at;
  let pixels = vec4f(x[inside.x], x[inside.y], x[inside.z], x[inside.w]);
  return select(vec4f(), pixels, (rows >= vec4i(0)) & (rows < vec4i(i32(size.x))));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (plane >= sizes.PLANES) { return; }
  var sums = array<vec3f, 3>(); // sums[v][u]
  var start = plane * sizes.PIXELS;
  for (var level = 0u; level < 6u; level++) {
    let size = sizeOf(level);
    for (var row = 0u; row < size.x; row += 2u) {
      let second = min(row + 1u, size.x - 1u);
      let weight = select(0.0, 1.0, row + 1u < size.x);
      var before = vec4f();
      var here = column(start, size, i32(row) - 1, 0u);
      var s0 = vec3f();
      var s1 = vec3f();
      var s2 = vec3f();
      for (var at = 0u; at < size.y; at++) {
        let after = column(start, size, i32(row) - 1, at + 1u);
        let g = dy[start + row * size.y + at];
        let h = weight * dy[start + second * size.y + at];
        s0 += g * before.xyz + h * before.yzw;
        s1 += g * here.xyz + h * here.yzw;
        s2 += g * after.xyz + h * after.yzw;
        before = here;
        here = after;
      }
      sums[0] += s0;
      sums[1] += s1;
      sums[2] += s2;
    }
    start += size.x * size.y;
  }
  for (var u = 0u; u < 3u; u++) {
    for (var v = 0u; v < 3u; v++) { partial[plane * 9u + u * 3u + v] = sums[v][u]; }
  }
}
