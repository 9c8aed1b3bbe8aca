// Correlation of a volume with a ball of radius RADIUS less the shell about it, which enhances what is as small as the ball
// (Klein et al., IEEE TMI 2023; T-SYNTH): weights INNER where r² < RADIUS², OUTER where r² < (RADIUS + 1)², else 0, in voxels.
// The volume is limited to mean ± 2 standard deviations first, and repeats its edge beyond it.
// One invocation: four neighbouring columns, for which every row of voxels is loaded once.

override RADIUS: u32;
override INNER: f32;
override OUTER: f32;
override WORKGROUP: u32;

struct Sizes {
  SLICES: u32,
  ROWS: u32,
  COLUMNS: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [SLICES, ROWS, COLUMNS]
@group(0) @binding(1) var<storage, read> moments: array<vec2f>; // mean, sum of squared differences from it
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

fn weights(square: vec4i) -> vec4f {
  let ball = vec4i(i32(RADIUS) * i32(RADIUS));
  let shell = vec4i((i32(RADIUS) + 1) * (i32(RADIUS) + 1));
  return select(select(vec4f(), vec4f(OUTER), square < shell), vec4f(INNER), square < ball);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.COLUMNS + 3u) / 4u;
  let line = index / quads;
  let slice = line / sizes.ROWS;
  if (slice >= sizes.SLICES) { return; }
  let row = i32(line - slice * sizes.ROWS);
  let column = i32(4u * (index - line * quads));
  let spread = 2.0 * sqrt(moments[0].y / f32(sizes.SLICES * sizes.ROWS * sizes.COLUMNS));
  let low = moments[0].x - spread;
  let high = moments[0].x + spread;
  var sum = vec4f();
  for (var dz = -i32(RADIUS); dz <= i32(RADIUS); dz++) {
    let k = clamp(i32(slice) + dz, 0, i32(sizes.SLICES) - 1);
    for (var dy = -i32(RADIUS); dy <= i32(RADIUS); dy++) {
      let i = clamp(row + dy, 0, i32(sizes.ROWS) - 1);
      let start = (k * i32(sizes.ROWS) + i) * i32(sizes.COLUMNS);
      let across = dz * dz + dy * dy;
      for (var dx = -i32(RADIUS); dx <= i32(RADIUS) + 3; dx++) {
        let j = clamp(column + dx, 0, i32(sizes.COLUMNS) - 1);
        let away = dx - vec4i(0, 1, 2, 3);
        sum += weights(across + away * away) * clamp(x[start + j], low, high);
      }
    }
  }
  let at = line * sizes.COLUMNS + u32(column);
  for (var j = 0u; j < min(4u, sizes.COLUMNS - u32(column)); j++) { y[at + j] = sum[j]; }
}
