// Where a lesion lies in each picture, from the shadows that it casts itself: nothing is read off the pictures.
import type { Box } from "../base/boxes.ts";
import type { Bead } from "./beads.ts";
import type { Coverage } from "./masses.ts";
import { addProjection } from "./projection.ts";
import { makePlane, type Plane, type Volume } from "./volume.ts";

/** A mass's edge is where it is a tenth as thick as at its thickest: thin spicules stay outside. */
const edgeShare = 0.1;

/**
 * The thickness of a mass in mm seen by several rays, each view shifted so that the height of the mass's own centre is
 * in focus, averaged. One vertical ray gives the FFDM's shadow; the views of tomosynthesis give the reconstruction's.
 */
function thicknessInFocus(coverage: Coverage, tangents: readonly number[]): Plane {
  const { slices, rows, columns, spacing, firstRow } = coverage;
  const reach = (slices / 2) * coverage.sliceThickness * Math.max(...tangents.map(Math.abs));
  const margin = Math.ceil(reach / spacing) + 1;
  const data = new Float32Array(slices * (rows + 4 * margin) * columns);
  for (let slice = 0; slice < slices; slice++)
    data.set(
      coverage.data.subarray(slice * rows * columns, (slice + 1) * rows * columns),
      (slice * (rows + 4 * margin) + 2 * margin) * columns,
    );
  const padded: Volume = { ...coverage, rows: rows + 4 * margin, firstRow: firstRow - 2 * margin, data };
  const plane = makePlane({
    rows: rows + 2 * margin,
    columns,
    firstRow: firstRow - margin,
    rowSpacing: spacing,
    columnSpacing: spacing,
  });
  for (const tangent of tangents) addProjection(padded, tangent, plane);
  return plane;
}

/** The box of a mass in pixels, as the views with these tangents show it, before any margin. */
export function massBox(coverage: Coverage, tangents: readonly number[]): Box {
  const plane = thicknessInFocus(coverage, tangents);
  const level = edgeShare * plane.data.reduce((most, value) => Math.max(most, value), 0);
  let [top, left, bottom, right] = [plane.rows, plane.columns, 0, 0];
  plane.data.forEach((value, index) => {
    if (value <= level) return;
    const row = Math.floor(index / plane.columns);
    const column = index % plane.columns;
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  });
  const { firstRow } = plane;
  const { firstColumn } = coverage;
  return [firstRow + top, firstColumn + left, firstRow + bottom, firstColumn + right];
}

/** The box of a cluster in pixels: each speck is a disc of its radius on pixels `rowSpacing` high. */
export function clusterBox(specks: readonly Bead[], spacing: number, rowSpacing: number): Box {
  const extra = (rowSpacing - spacing) / 2;
  return [
    Math.min(...specks.map(({ y, radius }) => y - radius - extra)) / spacing,
    Math.min(...specks.map(({ x, radius }) => x - radius)) / spacing,
    Math.max(...specks.map(({ y, radius }) => y + radius + extra)) / spacing,
    Math.max(...specks.map(({ x, radius }) => x + radius)) / spacing,
  ];
}

/** Boxes smaller than this many pixels a side are grown about their centre. */
const smallestSide = 6;

/** Rounds outwards with a pixel of margin, grows to the smallest side, and keeps within the image. */
export function finishBox([yMin, xMin, yMax, xMax]: Box, rows: number, columns: number): Box {
  const side = (low: number, high: number, size: number): [number, number] => {
    const margin = Math.max(1, (smallestSide - (high - low)) / 2);
    return [Math.max(Math.floor(low - margin), 0), Math.min(Math.ceil(high + margin), size)];
  };
  const [top, bottom] = side(yMin, yMax, rows);
  const [left, right] = side(xMin, xMax, columns);
  return [top, left, bottom, right];
}
