// The rung for GPUs. A workgroup of 256 invocations computes 64 of the many × 32 of the few channels of one chunk, in
// panels of 8 quads (32 pixels) that lie in workgroup memory, 12 KiB. While one is multiplied the next is loaded into
// registers, three vec4s an invocation, eight neighbours 128 bytes. 11 FLOPs a byte loaded; where a layer has no
// more channels than a tile, which holds for the large maps that bound the time, each byte comes from memory once.
//
// The workgroup is four slices of 8 × 8 invocations that share out a panel's quads, so that it is busy while a layer has few
// tiles. An invocation: a register tile of 8 of the many × 4 of the few, each 8 apart, so that neighbours read neighbouring
// vec4s; a row of a panel is one vec4 longer than its channels, so that eight quads of a channel lie in different banks. A step
// takes 12 vec4s for 128 multiply-adds. Some 70 registers: 32 sums, 20 of the panel, 12 ahead. The slices' sums are
// added in order.

const SIDE = 8u;         // invocations along each side of a slice
const SLICES = 4u;       // WORKGROUP / (SIDE · SIDE)
const MANY = 8u * SIDE;  // channels of a tile
const FEW = 4u * SIDE;
const QUADS = 8u;        // of a panel
const ROW = MANY + FEW + 1u;

var<workgroup> panel: array<vec4f, QUADS * ROW>; // [QUADS, ROW]: the many, the few; at the end a slice's sums

struct Tile { r0: vec4f, r1: vec4f, r2: vec4f, r3: vec4f, r4: vec4f, r5: vec4f, r6: vec4f, r7: vec4f }
// What an invocation loads of a panel: a quad of two of the many channels and of one of the few.
struct Ahead { near: vec4f, far: vec4f, few: vec4f }
// A quad of the batch.
struct Place { sample: u32, quad: u32 }

fn load(place: Place, inside: bool, manyChannel: u32, fewChannel: u32) -> Ahead {
  if (!inside) { return Ahead(); }
  let quads = sizes.PIXELS / 4u;
  let m = place.sample * manyChannels();
  let f = place.sample * fewChannels() + min(fewChannel, fewChannels() - 1u);
  return Ahead(many((m + min(manyChannel, manyChannels() - 1u)) * quads + place.quad),
               many((m + min(manyChannel + MANY / 2u, manyChannels() - 1u)) * quads + place.quad),
               few(f * quads + place.quad));
}

fn keep(quad: u32, channel: u32, a: Ahead) {
  panel[quad * ROW + channel] = a.near;
  panel[quad * ROW + channel + MANY / 2u] = a.far;
  panel[quad * ROW + channel + MANY] = a.few;
}

// Adds one quad: r_k[j] is many channel 8k + row · few channel 8j + column.
fn multiply(t: ptr<function, Tile>, quad: u32, row: u32, column: u32) {
  let f = quad * ROW + MANY + column;
  let v = mat4x4f(panel[f], panel[f + SIDE], panel[f + 2u * SIDE], panel[f + 3u * SIDE]);
  let m = quad * ROW + row;
  (*t).r0 += panel[m] * v;
  (*t).r1 += panel[m + SIDE] * v;
  (*t).r2 += panel[m + 2u * SIDE] * v;
  (*t).r3 += panel[m + 3u * SIDE] * v;
  (*t).r4 += panel[m + 4u * SIDE] * v;
  (*t).r5 += panel[m + 5u * SIDE] * v;
  (*t).r6 += panel[m + 6u * SIDE] * v;
  (*t).r7 += panel[m + 7u * SIDE] * v;
}

// A slice's sums lie in the panel's memory, those of one k side by side.
const SLICE = SIDE * SIDE;

fn leave(t: Tile, at: u32) {
  panel[at] = t.r0;
  panel[at + SLICE] = t.r1;
  panel[at + 2u * SLICE] = t.r2;
  panel[at + 3u * SLICE] = t.r3;
  panel[at + 4u * SLICE] = t.r4;
  panel[at + 5u * SLICE] = t.r5;
  panel[at + 6u * SLICE] = t.r6;
  panel[at + 7u * SLICE] = t.r7;
}

fn take(t: Tile, at: u32) -> Tile {
  return Tile(t.r0 + panel[at], t.r1 + panel[at + SLICE], t.r2 + panel[at + 2u * SLICE], t.r3 + panel[at + 3u * SLICE],
              t.r4 + panel[at + 4u * SLICE], t.r5 + panel[at + 5u * SLICE], t.r6 + panel[at + 6u * SLICE],
              t.r7 + panel[at + 7u * SLICE]);
}

// Writes the sums of one of the many channels and four of the few, 8 apart.
fn writeRow(chunk: u32, manyChannel: u32, fewChannel: u32, sums: vec4f) {
  write(chunk, manyChannel, fewChannel, sums.x);
  write(chunk, manyChannel, fewChannel + SIDE, sums.y);
  write(chunk, manyChannel, fewChannel + 2u * SIDE, sums.z);
  write(chunk, manyChannel, fewChannel + 3u * SIDE, sums.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let quads = sizes.PIXELS / 4u;
  let start = group.z * sizes.CHUNK / 4u;
  let end = min((group.z + 1u) * sizes.CHUNK, sizes.TOTAL) / 4u;
  let manyChannel = group.x * MANY;
  let fewChannel = group.y * FEW;
  // The part of a panel that the invocation loads.
  let ownQuad = local % QUADS;
  let ownChannel = local / QUADS;
  var place = Place((start + ownQuad) / quads, (start + ownQuad) % quads);
  var ahead = load(place, start + ownQuad < end, manyChannel + ownChannel, fewChannel + ownChannel);
  // The part that it multiplies.
  let column = local % SIDE;
  let row = local / SIDE % SIDE;
  let slice = local / SLICE;
  var t = Tile();
  for (var first = start; first < end; first += QUADS) {
    keep(ownQuad, ownChannel, ahead);
    workgroupBarrier();
    place.quad += QUADS;
    while (place.quad >= quads) { place = Place(place.sample + 1u, place.quad - quads); }
    ahead = load(place, first + QUADS + ownQuad < end, manyChannel + ownChannel, fewChannel + ownChannel);
    for (var quad = slice; quad < QUADS; quad += SLICES) { multiply(&t, quad, row, column); }
    workgroupBarrier();
  }
  for (var other = 1u; other < SLICES; other++) {
    if (slice == other) { leave(t, local % SLICE); }
    workgroupBarrier();
    if (slice == 0u) { t = take(t, local); }
    workgroupBarrier();
  }
  if (slice > 0u) { return; }
  let m = manyChannel + row;
  let f = fewChannel + column;
  writeRow(group.z, m, f, t.r0);
  writeRow(group.z, m + SIDE, f, t.r1);
  writeRow(group.z, m + 2u * SIDE, f, t.r2);
  writeRow(group.z, m + 3u * SIDE, f, t.r3);
  writeRow(group.z, m + 4u * SIDE, f, t.r4);
  writeRow(group.z, m + 5u * SIDE, f, t.r5);
  writeRow(group.z, m + 6u * SIDE, f, t.r6);
  writeRow(group.z, m + 7u * SIDE, f, t.r7);
}

