import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { addBeads } from "../../src/phantom/beads.ts";
import { drawMassShape, insertMass, rasteriseMass } from "../../src/phantom/masses.ts";
import { addProjection } from "../../src/phantom/projection.ts";
import { makePlane, type Volume } from "../../src/phantom/volume.ts";

const spacing = 0.3;
const margin = 40;
const size = 64;

/** 24 slices of 2 mm, filled with one attenuation. */
function slab(mu: number): Volume {
  const [slices, rows, columns] = [24, size + 2 * margin, size];
  const data = new Float32Array(slices * rows * columns).fill(mu);
  return { slices, rows, columns, firstRow: -margin, spacing, sliceThickness: 2, data };
}

const square = () =>
  makePlane({ rows: size, columns: size, firstRow: 0, rowSpacing: spacing, columnSpacing: spacing });

const tangents = [0, 0.07, -0.13, Math.tan(Math.PI / 9)];

test("a slab's line integral is its thickness along the ray", () => {
  for (const tangent of tangents) {
    const plane = square();
    addProjection(slab(0.05), tangent, plane);
    const expected = 0.05 * 48 * Math.hypot(1, tangent);
    for (const value of plane.data) assert.ok(Math.abs(value / expected - 1) < 1e-5, `${value} ${expected}`);
  }
});

/** Chord of a sphere, averaged over a pixel by sampling; in a view slanted by `tangent` the shadow is not stretched. */
function chord(radius: number, row: number, column: number, y: number, x: number): number {
  const fine = 8;
  let sum = 0;
  for (let i = 0; i < fine; i++)
    for (let j = 0; j < fine; j++) {
      const dy = (row + (i + 0.5) / fine) * spacing - y;
      const dx = (column + (j + 0.5) / fine) * spacing - x;
      sum += 2 * Math.sqrt(Math.max(radius ** 2 - dx ** 2 - dy ** 2, 0));
    }
  return sum / fine ** 2;
}

test("a sphere in voxels casts its chords: 1 % at the middle and in volume, 2 % root mean square", () => {
  const radius = 6;
  const [x, y, z] = [9.7, 9.35, 3.1];
  const sphere = {
    ...drawMassShape("oval", radius, new RandomStream(1, "sphere")),
    axes: [1, 1, 1] as const,
  };
  const [background, mu] = [0.05, 0.08];
  const volume = slab(background);
  const excess = insertMass(volume, rasteriseMass(sphere, [x, y, z], volume), mu);
  assert.ok(Math.abs(excess / ((mu - background) * 2 * radius) - 1) < 0.01, `contrast ${excess}`);
  const plane = square();
  addProjection(volume, 0, plane);
  let [total, squares] = [0, 0];
  plane.data.forEach((value, index) => {
    const thickness = (value - background * 48) / (mu - background);
    const expected = chord(radius, Math.floor(index / size), index % size, y, x);
    total += thickness * spacing ** 2;
    squares += (thickness - expected) ** 2;
  });
  assert.ok(Math.abs(total / ((4 / 3) * Math.PI * radius ** 3) - 1) < 0.01, `volume ${total}`);
  const rms = Math.sqrt(squares / (Math.PI * (radius / spacing) ** 2));
  assert.ok(rms < 0.02 * 2 * radius, `rms ${rms} mm`);
});

test("a bead casts its chords and its volume exactly, wherever the pixel grid lies and however small it is", () => {
  for (const radius of [0.05, 0.12, 0.4, 2])
    for (const [x, y, z] of [
      [9.6, 9.6, 0],
      [9.71, 9.42, 11],
    ])
      for (const tangent of tangents) {
        const plane = square();
        addBeads([{ x, y, z, radius, excess: 0.7 }], tangent, plane);
        const total = plane.data.reduce((sum, value) => sum + value, 0) * spacing ** 2;
        const volume = 0.7 * (4 / 3) * Math.PI * radius ** 3 * Math.hypot(1, tangent);
        assert.ok(Math.abs(total / volume - 1) < 1e-4, `radius ${radius}: ${total} ${volume}`);
        if (radius < 2) continue;
        const [row, column] = [Math.floor((y + z * tangent) / spacing), Math.floor(x / spacing)];
        const middle = 0.7 * chord(radius, row, column, y + z * tangent, x) * Math.hypot(1, tangent);
        assert.ok(Math.abs(plane.data[row * size + column] / middle - 1) < 0.01);
      }
});

test("a shadow moves by height times tangent along the rows", () => {
  const tangent = 0.12;
  const [y, z] = [9, 12];
  const volume = slab(0);
  const sphere = { ...drawMassShape("oval", 3, new RandomStream(1, "sphere")), axes: [1, 1, 1] as const };
  insertMass(volume, rasteriseMass(sphere, [9, y, z], volume), 0.08);
  const plane = square();
  addProjection(volume, tangent, plane);
  let [sum, moment] = [0, 0];
  plane.data.forEach((value, index) => {
    sum += value;
    moment += value * (Math.floor(index / size) + 0.5) * spacing;
  });
  assert.ok(Math.abs(moment / sum - (y + z * tangent)) < 0.02, `${moment / sum}`);
});
