// Line integrals through a volume of attenuation along the rays of a cone beam (Siddon's sum with one bilinear sample a slice):
//   y[v,r,c] = obliquity · Δz · sum over k of volume[k] where the ray passes the middle of slice k
// With RESIDUAL what read integrals, divided by the obliquity, exceed them by, per millimetre of height, which algebraic
// reconstruction spreads back:
//   y[v,r,c] = (readings[v,r,c] − integral / obliquity) / thickness
// One invocation: four neighbouring pixels of a row, which share all that depends on the row. Slices are summed from the
// detector upwards.

override SPACING: f32; // side of a voxel in its slice
override PIXEL: f32;   // side of a detector's pixel in the plane z = 0
override RESIDUAL: u32;
override WORKGROUP: u32;

struct Sizes {
  VIEWS: u32,
  ROWS: u32,
  COLUMNS: u32,
  MARGIN: u32, // rows of the detector before the image's first
  SLICES: u32,
  VOLUME_ROWS: u32,
  VOLUME_COLUMNS: u32,
  VOLUME_MARGIN: u32,
}

@group(0) @binding(0) var<storage, read> volume: array<f32>;   // [SLICES, VOLUME_ROWS, VOLUME_COLUMNS]
@group(0) @binding(1) var<storage, read> readings: array<f32>; // [VIEWS, ROWS, COLUMNS]
@group(0) @binding(2) var<storage, read> frame: array<vec4f>;
@group(0) @binding(3) var<storage, read> sources: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.COLUMNS + 3u) / 4u;
  let line = index / quads;
  let view = line / sizes.ROWS;
  if (view >= sizes.VIEWS) { return; }
  let column = 4u * (index - line * quads);
  let geometry = readFrame(frame[0]);
  let source = sources[view].xyz;
  let row = f32(line - view * sizes.ROWS) - f32(sizes.MARGIN);
  let first = toDetector(geometry, vec2f(f32(column) + 0.5, row + 0.5) * PIXEL);
  let across = magnification(geometry) * PIXEL; // on the detector, from pixel to pixel
  let step = geometry.thickness / f32(sizes.SLICES);

  // In voxels; linear in the height and in the column.
  let lowest = atHeight(geometry, source, first, 0.5 * (step - geometry.thickness)) / SPACING
    + vec2f(-0.5, f32(sizes.VOLUME_MARGIN) - 0.5);
  let climb = step / (source.z - geometry.detector);
  let advance = (source.xy - first) * climb / SPACING;
  let pace = across * (source.z + 0.5 * (geometry.thickness - step)) / (source.z - geometry.detector) / SPACING;
  let last = vec2f(f32(sizes.VOLUME_COLUMNS - 1u), f32(sizes.VOLUME_ROWS - 1u));
  let corner = max(last - 1.0, vec2f());
  let right = min(1u, sizes.VOLUME_COLUMNS - 1u);
  let down = min(1u, sizes.VOLUME_ROWS - 1u) * sizes.VOLUME_COLUMNS;
  var sum = vec4f();
  for (var k = 0u; k < sizes.SLICES; k++) {
    let place = clamp(lowest.y + f32(k) * advance.y, 0.0, last.y);
    let top = min(floor(place), corner.y);
    let start = (k * sizes.VOLUME_ROWS + u32(top)) * sizes.VOLUME_COLUMNS;
    let shrink = pace - f32(k) * across * climb / SPACING;
    let x = clamp(lowest.x + f32(k) * advance.x + vec4f(0.0, 1.0, 2.0, 3.0) * shrink, vec4f(), vec4f(last.x));
    let left = min(floor(x), vec4f(corner.x));
    let part = x - left;
    let at = start + vec4u(left);
    let upper = mix(vec4f(volume[at.x], volume[at.y], volume[at.z], volume[at.w]),
      vec4f(volume[at.x + right], volume[at.y + right], volume[at.z + right], volume[at.w + right]), part);
    let below = at + down;
    let lower = mix(vec4f(volume[below.x], volume[below.y], volume[below.z], volume[below.w]),
      vec4f(volume[below.x + right], volume[below.y + right], volume[below.z + right], volume[below.w + right]), part);
    sum += mix(upper, lower, place - top);
  }
  for (var j = 0u; j < min(4u, sizes.COLUMNS - column); j++) {
    let i = line * sizes.COLUMNS + column + j;
    let integral = step * sum[j];
    if (RESIDUAL == 1u) {
      y[i] = (readings[i] - integral) / geometry.thickness;
    } else {
      y[i] = obliquity(geometry, source, first + vec2f(f32(j) * across, 0.0)) * integral;
    }
  }
}
