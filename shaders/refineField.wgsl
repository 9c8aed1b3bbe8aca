// One level of a random field by successive random additions (Voss, in Barnsley et al., The Science of Fractal Images, 1988):
// the level above it with cells half as wide, smoothly (Chaikin's corners: ¾ of the parent, ¼ of the parent's neighbour on the
// cell's side, along each axis), plus white noise of one amplitude:
//   y[f,k,i,j] = upsampled + AMPLITUDE · u      u: uniform, of mean 0 and variance 1
// Cells are numbered from the image's first row, column and slice, and draw their numbers by them: what is around a region
// changes nothing in it. Along z cells stop being halved (HALVES = 0) when they are as thin as a slice.
// One invocation: four neighbouring cells of a row, whose first is at a multiple of four.

override HALVES: u32; // along z
override FIRST: u32;  // whether there is no level above
override AMPLITUDE: f32;
override WORKGROUP: u32;

struct Sizes {
  FIELDS: u32,
  SLICES: u32,
  ROWS: u32,
  COLUMNS: u32, // a multiple of four
  LEVEL: u32,
  // Numbers of the first cell, offset so that none is below 0: coordinates are relative to ORIGIN.
  ROW: u32,
  SLICE: u32,
  COLUMN: u32,
  // The level above.
  PARENT_SLICES: u32,
  PARENT_ROWS: u32,
  PARENT_COLUMNS: u32,
  PARENT_ROW: u32,
  PARENT_SLICE: u32,
  PARENT_COLUMN: u32,
}

// Cell 0 of every level; even at each of them, so that halving keeps parents where they are.
const ORIGIN = 1048576;

@group(0) @binding(0) var<storage, read> parents: array<f32>;
@group(0) @binding(1) var<storage, read> key: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [FIELDS, SLICES, ROWS, COLUMNS / 4]
@group(0) @binding(3) var<uniform> sizes: Sizes;

// A cell's parent and the parent's neighbour on the cell's side, as numbers.
fn above(cell: i32) -> vec2i {
  let parent = cell >> 1u;
  return vec2i(parent, parent + 2 * (cell & 1) - 1);
}

fn rowOf(field: u32, slice: i32, row: i32, column: i32) -> u32 {
  let k = u32(clamp(slice - i32(sizes.PARENT_SLICE) + ORIGIN, 0, i32(sizes.PARENT_SLICES) - 1));
  let i = u32(row - i32(sizes.PARENT_ROW) + ORIGIN);
  let start = ((field * sizes.PARENT_SLICES + k) * sizes.PARENT_ROWS + i) * sizes.PARENT_COLUMNS;
  return start + u32(column - i32(sizes.PARENT_COLUMN) + ORIGIN);
}

// Four parents in a row, from the one before the first cell's.
fn fourParents(field: u32, slice: i32, row: i32, column: i32) -> vec4f {
  let at = rowOf(field, slice, row, column);
  return vec4f(parents[at], parents[at + 1u], parents[at + 2u], parents[at + 3u]);
}

fn alongRows(field: u32, slice: i32, rows: vec2i, column: i32) -> vec4f {
  return 0.75 * fourParents(field, slice, rows.x, column) + 0.25 * fourParents(field, slice, rows.y, column);
}

fn noise(field: u32, slice: i32, row: i32, column: i32) -> f32 {
  let stream = mixBits(key[0] + 64u * sizes.LEVEL + field);
  let line = mixBits(stream ^ mixBits(u32(slice + ORIGIN) * 0x9e3779b9u + u32(row + ORIGIN)));
  return (uniformAt(line, u32(column + ORIGIN)) - 0.5) * 3.4641016151377544;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP + local;
  let quads = sizes.COLUMNS / 4u;
  let line = index / quads;
  let plane = line / sizes.ROWS;
  let field = plane / sizes.SLICES;
  if (field >= sizes.FIELDS) { return; }
  let slice = i32(plane - field * sizes.SLICES + sizes.SLICE) - ORIGIN;
  let row = i32(line - plane * sizes.ROWS + sizes.ROW) - ORIGIN;
  let column = i32(4u * (index - line * quads) + sizes.COLUMN) - ORIGIN;
  var value = vec4f();
  if (FIRST == 0u) {
    let rows = above(row);
    let before = (column >> 1u) - 1;
    var four: vec4f;
    if (HALVES == 1u) {
      let slices = above(slice);
      four = 0.75 * alongRows(field, slices.x, rows, before) + 0.25 * alongRows(field, slices.y, rows, before);
    } else {
      four = alongRows(field, slice, rows, before);
    }
    value = 0.75 * four.yyzz + 0.25 * four.xzyw;
  }
  let random = vec4f(noise(field, slice, row, column), noise(field, slice, row, column + 1),
                     noise(field, slice, row, column + 2), noise(field, slice, row, column + 3));
  y[index] = value + AMPLITUDE * random;
}
