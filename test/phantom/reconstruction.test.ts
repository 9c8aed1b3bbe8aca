import assert from "node:assert/strict";
import { test } from "node:test";
import { tangentsOf } from "../../src/phantom/acquisition.ts";
import { addBeads } from "../../src/phantom/beads.ts";
import { backProject, defaultSynthesis, synthesise } from "../../src/phantom/reconstruction.ts";
import { makePlane } from "../../src/phantom/volume.ts";

const size = 64;
const spacing = 0.3;
const tangents = tangentsOf({ views: 15, span: 15 });
const margin = 20;

const view = (tangent: number) => ({
  tangent,
  plane: makePlane({
    rows: size + 2 * margin,
    columns: size,
    firstRow: -margin,
    rowSpacing: spacing,
    columnSpacing: spacing,
  }),
});
const slice = () =>
  makePlane({ rows: size, columns: size, firstRow: 0, rowSpacing: spacing, columnSpacing: spacing });

test("a bead is sharpest in the slice of its own height, at its own place", () => {
  const bead = { x: 9.75, y: 8.55, z: 9, radius: 0.2, excess: 1 };
  const views = tangents.map(view);
  for (const { tangent, plane } of views) addBeads([bead], tangent, plane);
  const peaks = [-15, -9, -3, 3, 9, 15].map((height) => {
    const plane = slice();
    backProject(views, height, plane);
    const peak = plane.data.reduce((most, value) => Math.max(most, value), 0);
    return { height, peak, at: plane.data.indexOf(peak) };
  });
  const best = peaks.reduce((a, b) => (a.peak > b.peak ? a : b));
  assert.equal(best.height, 9);
  assert.equal(best.at, Math.floor(bead.y / spacing) * size + Math.floor(bead.x / spacing));
  const far = peaks.find(({ height }) => height === -15);
  assert.ok(far && far.peak < 0.4 * best.peak, "out of focus it fades");
});

test("a flat slab stays flat at its line integral, and a bead stands out at its place", () => {
  const views = tangents.map(view);
  for (const { plane } of views) plane.data.fill(2.5);
  const options = {
    ...defaultSynthesis,
    rows: size,
    columns: size,
    spacing,
    heights: Array.from({ length: 16 }, (_, i) => 3 * (i - 7.5)),
  };
  for (const value of synthesise(views, options).data) assert.ok(Math.abs(value - 2.5) < 1e-4, `${value}`);
  const bead = { x: 6.15, y: 12.15, z: -10, radius: 0.2, excess: 1 };
  for (const { tangent, plane } of views) addBeads([bead], tangent, plane);
  const { data } = synthesise(views, options);
  const peak = data.reduce((most, value) => Math.max(most, value), 0);
  assert.equal(data.indexOf(peak), Math.floor(bead.y / spacing) * size + Math.floor(bead.x / spacing));
});
