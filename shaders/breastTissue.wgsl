// Attenuation of a compressed breast from random fields: fibroglandular tissue where the first field is high, stroma in the fat
// by the second, Cooper's ligaments as sheets where the third crosses 0; fat and skin beneath the outline; masses and
// architectural distortions. Lengths in mm, in the frame of src/phantom/grid.ts.
//   share = gland + (1 − gland) · min(stroma + ligament, 1)        μ = fat + share · (gland's − fat's)
//   outline: x = chest + depth · (1 − |u|^P)^(1/P) − recess(z), u = (y − middle) / half, a superellipse; the paddles' edge recedes
//     by recess(z) = ROUNDING · (1 − (1 − |2z/thickness|^2.5)^0.4)
//   a lesion's surface lies at radius · map(direction) from its centre, along axes stretched; a slice is sampled at five heights
//   a distortion pulls the texture about it to its centre: what is at r was at r · (1 + pull · exp(−r²/2w²)), w = 0.6 · radius
// One invocation: four neighbouring voxels of a row, which share what the outline is there.

override SPACING: f32;
override WORKGROUP: u32;

struct Sizes {
  SLICES: u32,
  ROWS: u32,
  COLUMNS: u32,
  MARGIN: u32,        // rows before the image's first
  FIELD_COLUMNS: u32, // COLUMNS or a few more
  LESIONS: u32,
}

const FAT = 0.0513;
const GLAND = 0.0767;
const SKIN = 0.0841;
const INTERFACE = 2.2;        // from fat to gland, in deviations of the field
const STROMA = vec2f(0.06, 0.1);
const LIGAMENT = vec2f(0.45, 0.09); // share at the sheet's middle, half its width in deviations of the field
const SKIN_THICKNESS = 1.5;
const SUBCUTANEOUS = 5.0;
const ROUNDING = 9.0;
const P = 2.2;
const PULL_WIDTH = 0.6;      // of a distortion's pull, in its radii
const MAP = vec2u(64u, 128u); // polar and azimuthal steps of a lesion's map
const HEIGHTS = 5u;
const PI = 3.141592653589793;

struct Lesion {
  kind: f32, // 0 none, 1 mass, 2 architectural distortion
  center: vec3f,
  axes: vec3f,
  radius: f32,
  attenuation: f32,
  solid: f32, // share of the tissue within that is replaced
  reach: f32, // farthest from the centre that it replaces anything
  pull: f32,
}

@group(0) @binding(0) var<storage, read> fields: array<f32>;   // [3, SLICES, ROWS, FIELD_COLUMNS]
@group(0) @binding(1) var<storage, read> breast: array<f32>;   // thickness, threshold, chest, depth, middle, half
@group(0) @binding(2) var<storage, read> lesions: array<vec4f>; // [LESIONS, 3]
@group(0) @binding(3) var<storage, read> maps: array<f32>;     // [LESIONS, MAP.x, MAP.y]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;  // [SLICES, ROWS, COLUMNS]
@group(0) @binding(5) var<uniform> sizes: Sizes;

fn readLesion(index: u32) -> Lesion {
  let a = lesions[3u * index];
  let b = lesions[3u * index + 1u];
  let c = lesions[3u * index + 2u];
  return Lesion(a.x, a.yzw, b.xyz, b.w, c.x, c.y, c.z, c.w);
}

fn fieldAt(field: u32, slice: u32, at: vec2f) -> f32 {
  let last = vec2f(f32(sizes.FIELD_COLUMNS - 1u), f32(sizes.ROWS - 1u));
  let place = clamp(at, vec2f(), last);
  let whole = min(floor(place), max(last - 1.0, vec2f()));
  let part = place - whole;
  let start = ((field * sizes.SLICES + slice) * sizes.ROWS + u32(whole.y)) * sizes.FIELD_COLUMNS + u32(whole.x);
  let right = min(1u, sizes.FIELD_COLUMNS - 1u);
  let down = min(1u, sizes.ROWS - 1u) * sizes.FIELD_COLUMNS;
  return mix(mix(fields[start], fields[start + right], part.x), mix(fields[start + down], fields[start + down + right], part.x), part.y);
}

fn tissue(values: vec3f) -> f32 {
  let t = saturate((values.x - breast[1]) / INTERFACE + 0.5);
  let gland = t * t * (3.0 - 2.0 * t);
  let stroma = max(STROMA.x + STROMA.y * values.y, 0.0);
  let ligament = LIGAMENT.x * max(1.0 - abs(values.z) / LIGAMENT.y, 0.0);
  return FAT + (gland + (1.0 - gland) * min(stroma + ligament, 1.0)) * (GLAND - FAT);
}

fn recess(z: f32) -> f32 {
  let u = min(abs(2.0 * z) / breast[0], 1.0);
  return ROUNDING * (1.0 - pow(max(1.0 - pow(u, 2.5), 0.0), 0.4));
}

// The skin's surface in a row of a slice.
struct Surface {
  x: f32,
  cosine: f32,   // of its slope to the rows
  softness: f32, // breadth over which it runs through the slice
}

fn surfaceAt(y: f32, z: f32, step: f32) -> Surface {
  let u = abs(y - breast[4]) / breast[5];
  let inside = 1.0 - pow(u, P);
  let near = max(abs(z) - 0.5 * step, 0.0);
  let softness = max(SPACING, recess(near + step) - recess(near));
  if (inside <= 0.0) { return Surface(-1e6, 1.0, softness); }
  let edge = breast[3] * pow(inside, 1.0 / P);
  let slope = edge / inside * pow(u, P - 1.0) / breast[5];
  return Surface(breast[2] + edge - recess(z), inverseSqrt(1.0 + slope * slope), softness);
}

fn beneathSkin(inner: f32, depth: f32, softness: f32) -> f32 {
  let inBreast = saturate(depth / softness + 0.5);
  let inSkin = saturate((SKIN_THICKNESS - depth) / softness + 0.5);
  let share = saturate((depth - SKIN_THICKNESS) / SUBCUTANEOUS);
  return inBreast * mix(FAT + share * (inner - FAT), SKIN, inSkin);
}

// The surface's distance as a fraction of the radius.
fn surface(lesion: u32, direction: vec3f) -> f32 {
  let row = clamp(acos(clamp(direction.z, -1.0, 1.0)) / PI * f32(MAP.x) - 0.5, 0.0, f32(MAP.x - 1u));
  let column = (atan2(direction.y, direction.x) / (2.0 * PI) + 0.5) * f32(MAP.y) - 0.5;
  let top = min(u32(row), MAP.x - 2u);
  let left = u32(i32(floor(column)) + i32(MAP.y)) % MAP.y;
  let right = (left + 1u) % MAP.y;
  let start = (lesion * MAP.x + top) * MAP.y;
  let fx = column - floor(column);
  let upper = mix(maps[start + left], maps[start + right], fx);
  let lower = mix(maps[start + MAP.y + left], maps[start + MAP.y + right], fx);
  return mix(upper, lower, row - f32(top));
}

// Share of a voxel within a lesion, whose surface is softened over one pixel.
fn coverage(index: u32, lesion: Lesion, point: vec3f, step: f32) -> f32 {
  var share = 0.0;
  for (var sample = 0u; sample < HEIGHTS; sample++) {
    let height = ((f32(sample) + 0.5) / f32(HEIGHTS) - 0.5) * step;
    let stretched = (point + vec3f(0.0, 0.0, height) - lesion.center) / lesion.axes;
    let distance = max(length(stretched), 1e-6);
    share += saturate((surface(index, stretched / distance) * lesion.radius - distance) / SPACING + 0.5);
  }
  return share / f32(HEIGHTS);
}

fn voxel(point: vec3f, slice: u32, row: u32, column: u32, step: f32, skin: Surface) -> f32 {
  let depth = (skin.x - point.x) * skin.cosine;
  if (depth <= -0.5 * skin.softness) { return 0.0; }
  var shift = vec2f();
  for (var i = 0u; i < sizes.LESIONS; i++) {
    if (lesions[3u * i].x != 2.0) { continue; }
    let lesion = readLesion(i);
    let away = point - lesion.center;
    let width = PULL_WIDTH * lesion.radius;
    shift += lesion.pull * exp(-dot(away, away) / (2.0 * width * width)) * away.xy;
  }
  var values: vec3f;
  if (any(shift != vec2f())) {
    let at = vec2f(f32(column), f32(row)) + shift / SPACING;
    values = vec3f(fieldAt(0u, slice, at), fieldAt(1u, slice, at), fieldAt(2u, slice, at));
  } else {
    let at = (slice * sizes.ROWS + row) * sizes.FIELD_COLUMNS + column;
    let plane = sizes.SLICES * sizes.ROWS * sizes.FIELD_COLUMNS;
    values = vec3f(fields[at], fields[at + plane], fields[at + 2u * plane]);
  }
  var inner = tissue(values);
  for (var i = 0u; i < sizes.LESIONS; i++) {
    if (lesions[3u * i].x == 0.0) { continue; }
    let lesion = readLesion(i);
    let away = point - lesion.center;
    if (abs(away.z) > lesion.reach + step || dot(away.xy, away.xy) > lesion.reach * lesion.reach) { continue; }
    inner += coverage(i, lesion, point, step) * lesion.solid * (lesion.attenuation - inner);
  }
  return beneathSkin(inner, depth, skin.softness);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = (sizes.COLUMNS + 3u) / 4u;
  let line = index / quads;
  let slice = line / sizes.ROWS;
  if (slice >= sizes.SLICES) { return; }
  let row = line - slice * sizes.ROWS;
  let first = 4u * (index - line * quads);
  let step = breast[0] / f32(sizes.SLICES);
  let z = ((f32(slice) + 0.5) / f32(sizes.SLICES) - 0.5) * breast[0];
  let down = (f32(row) - f32(sizes.MARGIN) + 0.5) * SPACING;
  let skin = surfaceAt(down, z, step);
  for (var column = first; column < min(first + 4u, sizes.COLUMNS); column++) {
    let point = vec3f((f32(column) + 0.5) * SPACING, down, z);
    y[line * sizes.COLUMNS + column] = voxel(point, slice, row, column, step, skin);
  }
}
