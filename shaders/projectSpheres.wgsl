// Adds the line integrals of spheres to those of a volume, averaged over each pixel's square, in place: specks of calcification
// are smaller than voxels and pixels. In the plane z = 0 a sphere's shadow has the radius ρ, and a ray at a distance d from its
// middle runs through it for 2·r/ρ·√(ρ² − d²), times the ray's obliquity. The average is exact along y and by four Gauss points
// along x, which is exact where a column of the shadow lies in the pixel.
// One invocation: one row of one view, all spheres in order, so that no two write one pixel.

override PIXEL: f32;
override WORKGROUP: u32;

struct Sizes {
  VIEWS: u32,
  ROWS: u32,
  COLUMNS: u32,
  MARGIN: u32, // rows of the detector before the image's first
  SPHERES: u32,
}

@group(0) @binding(0) var<storage, read> spheres: array<f32>; // [SPHERES, 5]: x, y, z, radius, excess; radius 0: the end
@group(0) @binding(1) var<storage, read> frame: array<vec4f>;
@group(0) @binding(2) var<storage, read> sources: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [VIEWS, ROWS, COLUMNS]
@group(0) @binding(4) var<uniform> sizes: Sizes;

// ∫ √(s − u²) du from `low` to `high`, where s ≥ u².
fn halfDisc(s: f32, low: f32, high: f32) -> f32 {
  let a = sqrt(s);
  let u = clamp(vec2f(low, high), vec2f(-a), vec2f(a));
  let integral = 0.5 * (u * sqrt(max(s - u * u, vec2f())) + s * asin(clamp(u / a, vec2f(-1.0), vec2f(1.0))));
  return integral.y - integral.x;
}

// ∫∫ √(ρ² − u² − v²) over a rectangle about the shadow's middle.
fn shadowIntegral(rho: f32, low: vec2f, high: vec2f) -> f32 {
  let left = max(low.x, -rho);
  let right = min(high.x, rho);
  if (left >= right) { return 0.0; }
  let middle = 0.5 * (left + right);
  let half = 0.5 * (right - left);
  let inner = half * 0.33998104358485626;
  let outer = half * 0.8611363115940526;
  let squares = max(vec4f(rho * rho) - pow2(vec4f(middle - outer, middle - inner, middle + inner, middle + outer)), vec4f(1e-12));
  let values = vec4f(halfDisc(squares.x, low.y, high.y), halfDisc(squares.y, low.y, high.y),
                     halfDisc(squares.z, low.y, high.y), halfDisc(squares.w, low.y, high.y));
  return half * dot(values, vec4f(0.34785484513745385, 0.6521451548625461, 0.6521451548625461, 0.34785484513745385));
}

fn pow2(v: vec4f) -> vec4f { return v * v; }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let line = (group.y * groups.x + group.x) * WORKGROUP + local;
  let view = line / sizes.ROWS;
  if (view >= sizes.VIEWS) { return; }
  let geometry = readFrame(frame[0]);
  let source = sources[view].xyz;
  let top = (f32(line - view * sizes.ROWS) - f32(sizes.MARGIN)) * PIXEL;
  for (var s = 0u; s < sizes.SPHERES; s++) {
    let radius = spheres[5u * s + 3u];
    if (radius <= 0.0) { break; }
    let center = vec3f(spheres[5u * s], spheres[5u * s + 1u], spheres[5u * s + 2u]);
    let hit = shadow(geometry, source, center);
    let middle = fromDetector(geometry, hit);
    let rho = radius * (source.z - geometry.detector) / (source.z - center.z) / magnification(geometry);
    if (top + PIXEL <= middle.y - rho || top >= middle.y + rho) { continue; }
    let scale = spheres[5u * s + 4u] * 2.0 * radius / rho * obliquity(geometry, source, hit) / (PIXEL * PIXEL);
    let first = i32(floor((middle.x - rho) / PIXEL));
    let end = i32(ceil((middle.x + rho) / PIXEL));
    for (var c = max(first, 0); c < min(end, i32(sizes.COLUMNS)); c++) {
      let low = vec2f(f32(c) * PIXEL, top) - middle;
      y[line * sizes.COLUMNS + u32(c)] += scale * shadowIntegral(rho, low, low + PIXEL);
    }
  }
}
