// Line integrals through a volume of attenuation along the rays of a cone beam (Siddon's sum with one bilinear sample a slice):
//   y[v,r,c] = obliquity · Δz · sum over k of volume[k] where the ray passes the middle of slice k
// With RESIDUAL what measured integrals, divided by the obliquity, exceed them by, per millimetre of height, which algebraic
// reconstruction spreads back:
//   y[v,r,c] = (measured[v,r,c] − integral / obliquity) / thickness
// One invocation: one pixel of one view. Slices are summed from the detector upwards.

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
@group(0) @binding(1) var<storage, read> measured: array<f32>; // [VIEWS, ROWS, COLUMNS]
@group(0) @binding(2) var<storage, read> frame: array<vec4f>;
@group(0) @binding(3) var<storage, read> sources: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let columns = sizes.COLUMNS;
  let line = i / columns;
  let view = line / sizes.ROWS;
  if (view >= sizes.VIEWS) { return; }
  let place = vec2f(f32(i - line * columns), f32(line - view * sizes.ROWS) - f32(sizes.MARGIN));
  let geometry = readFrame(frame[0]);
  let source = sources[view].xyz;
  let pixel = toDetector(geometry, (place + 0.5) * PIXEL);
  let slices = f32(sizes.SLICES);
  let step = geometry.thickness / slices;

  // In voxels; linear in the height.
  let offset = vec2f(-0.5, f32(sizes.VOLUME_MARGIN) - 0.5);
  let lowest = atHeight(geometry, source, pixel, 0.5 * (step - geometry.thickness)) / SPACING + offset;
  let advance = (source.xy - pixel) * (step / (source.z - geometry.detector)) / SPACING;
  let last = vec2f(f32(sizes.VOLUME_COLUMNS - 1u), f32(sizes.VOLUME_ROWS - 1u));
  let corner = max(last - 1.0, vec2f());
  let right = min(1u, sizes.VOLUME_COLUMNS - 1u);
  let down = min(1u, sizes.VOLUME_ROWS - 1u) * sizes.VOLUME_COLUMNS;
  var sum = 0.0;
  for (var k = 0u; k < sizes.SLICES; k++) {
    let at = clamp(lowest + f32(k) * advance, vec2f(), last);
    let whole = min(floor(at), corner);
    let part = at - whole;
    let base = (k * sizes.VOLUME_ROWS + u32(whole.y)) * sizes.VOLUME_COLUMNS + u32(whole.x);
    let upper = mix(volume[base], volume[base + right], part.x);
    let lower = mix(volume[base + down], volume[base + down + right], part.x);
    sum += mix(upper, lower, part.y);
  }
  let integral = step * sum;
  if (RESIDUAL == 1u) {
    y[i] = (measured[i] - integral) / geometry.thickness;
  } else {
    y[i] = obliquity(geometry, source, pixel) * integral;
  }
}
