// Back-projection: what the views say of each point of some slices, on average:
//   y[k,r,c] = addend[k,r,c] + SCALE · mean over v of x[v] where the ray from source v through the point meets the detector
// Bilinear between the detector's pixels, its edge repeated beyond it. SCALE and addend serve algebraic reconstruction.
// One invocation: one point; views in order.

override PIXEL: f32;   // side of a detector's pixel in the plane z = 0
override SPACING: f32; // of the points in a slice
override SCALE: f32;
override ADDS: u32;    // whether there is an addend
override WORKGROUP: u32;

struct Sizes {
  VIEWS: u32,
  DETECTOR_ROWS: u32,
  DETECTOR_COLUMNS: u32,
  DETECTOR_MARGIN: u32, // rows of the detector before the image's first
  SLICES: u32,
  ROWS: u32,
  COLUMNS: u32,
  MARGIN: u32,          // rows of the slices before the image's first
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // [VIEWS, DETECTOR_ROWS, DETECTOR_COLUMNS]
@group(0) @binding(1) var<storage, read> frame: array<vec4f>;
@group(0) @binding(2) var<storage, read> sources: array<vec4f>;
@group(0) @binding(3) var<storage, read> addend: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [SLICES, ROWS, COLUMNS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  let line = i / sizes.COLUMNS;
  let slice = line / sizes.ROWS;
  if (slice >= sizes.SLICES) { return; }
  let geometry = readFrame(frame[0]);
  let place = vec2f(f32(i - line * sizes.COLUMNS), f32(line - slice * sizes.ROWS) - f32(sizes.MARGIN));
  let z = ((f32(slice) + 0.5) / f32(sizes.SLICES) - 0.5) * geometry.thickness;
  let point = vec3f((place + 0.5) * SPACING, z);
  let offset = vec2f(-0.5, f32(sizes.DETECTOR_MARGIN) - 0.5);
  let last = vec2f(f32(sizes.DETECTOR_COLUMNS - 1u), f32(sizes.DETECTOR_ROWS - 1u));
  let corner = max(last - 1.0, vec2f());
  let right = min(1u, sizes.DETECTOR_COLUMNS - 1u);
  let down = min(1u, sizes.DETECTOR_ROWS - 1u) * sizes.DETECTOR_COLUMNS;
  var sum = 0.0;
  for (var view = 0u; view < sizes.VIEWS; view++) {
    let hit = fromDetector(geometry, shadow(geometry, sources[view].xyz, point));
    let at = clamp(hit / PIXEL + offset, vec2f(), last);
    let whole = min(floor(at), corner);
    let part = at - whole;
    let base = (view * sizes.DETECTOR_ROWS + u32(whole.y)) * sizes.DETECTOR_COLUMNS + u32(whole.x);
    let upper = mix(x[base], x[base + right], part.x);
    let lower = mix(x[base + down], x[base + down + right], part.x);
    sum += mix(upper, lower, part.y);
  }
  let value = SCALE * sum / f32(sizes.VIEWS);
  if (ADDS == 1u) { y[i] = addend[i] + value; } else { y[i] = value; }
}
