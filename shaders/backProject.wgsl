// Back-projection: what the views say of each point of some slices, on average:
//   y[k,r,c] = addend[k,r,c] + SCALE · mean over v of x[v] where the ray from source v through the point meets the detector
// Bilinear between the detector's pixels, its edge repeated beyond it. SCALE and addend serve algebraic reconstruction.
// One invocation: four neighbouring points of a row, which share all that depends on the row; views in order.

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
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.COLUMNS + 3u) / 4u;
  let line = index / quads;
  let slice = line / sizes.ROWS;
  if (slice >= sizes.SLICES) { return; }
  let column = 4u * (index - line * quads);
  let geometry = readFrame(frame[0]);
  let row = f32(line - slice * sizes.ROWS) - f32(sizes.MARGIN);
  let z = ((f32(slice) + 0.5) / f32(sizes.SLICES) - 0.5) * geometry.thickness;
  let first = vec3f(vec2f(f32(column) + 0.5, row + 0.5) * SPACING, z);
  let offset = vec2f(-0.5, f32(sizes.DETECTOR_MARGIN) - 0.5);
  let last = vec2f(f32(sizes.DETECTOR_COLUMNS - 1u), f32(sizes.DETECTOR_ROWS - 1u));
  let corner = max(last - 1.0, vec2f());
  let right = min(1u, sizes.DETECTOR_COLUMNS - 1u);
  let down = min(1u, sizes.DETECTOR_ROWS - 1u) * sizes.DETECTOR_COLUMNS;
  var sum = vec4f();
  for (var view = 0u; view < sizes.VIEWS; view++) {
    let source = sources[view].xyz;
    let hit = fromDetector(geometry, shadow(geometry, source, first)) / PIXEL + offset;
    let reach = (source.z - geometry.detector) / (source.z - z) / magnification(geometry) * SPACING / PIXEL;
    let place = clamp(hit.y, 0.0, last.y);
    let top = min(floor(place), corner.y);
    let start = (view * sizes.DETECTOR_ROWS + u32(top)) * sizes.DETECTOR_COLUMNS;
    let across = clamp(hit.x + vec4f(0.0, 1.0, 2.0, 3.0) * reach, vec4f(), vec4f(last.x));
    let left = min(floor(across), vec4f(corner.x));
    let part = across - left;
    let at = start + vec4u(left);
    let upper = mix(vec4f(x[at.x], x[at.y], x[at.z], x[at.w]),
      vec4f(x[at.x + right], x[at.y + right], x[at.z + right], x[at.w + right]), part);
    let below = at + down;
    let lower = mix(vec4f(x[below.x], x[below.y], x[below.z], x[below.w]),
      vec4f(x[below.x + right], x[below.y + right], x[below.z + right], x[below.w + right]), part);
    sum += mix(upper, lower, place - top);
  }
  let value = SCALE * sum / f32(sizes.VIEWS);
  for (var j = 0u; j < min(4u, sizes.COLUMNS - column); j++) {
    let i = line * sizes.COLUMNS + column + j;
    if (ADDS == 1u) { y[i] = addend[i] + value[j]; } else { y[i] = value[j]; }
  }
}
