// Where a lesion lies in each picture, from its own shadow: nothing is read off the pictures. Slices, and with them the
// synthetic mammogram, show a thing at its place; the mammogram where the cone beam casts it.

import { bodyThickness } from "../../kernels/breastTissue.ts";
import { type Frame, fromDetector, shadow } from "../../kernels/coneBeam.ts";
import type { Box } from "../base/boxes.ts";
import type { PlacedLesion } from "./anatomy.ts";
import type { Sphere } from "./lesions.ts";

/** A body's edge is where it is a tenth as thick as at its thickest: thin spicules stay outside. */
const edgeShare = 0.1;
/** Sides that a body's shadow is sampled at, mm. */
const sampling = 0.25;
/** Boxes smaller than this many pixels a side are grown about their centre. */
const smallestSide = 6;

/** [top, left, bottom, right] in mm. */
type Extent = readonly [number, number, number, number];

function extentOfBody({ row, map }: Extract<PlacedLesion, { map: Float32Array }>): Extent {
  const steps = Math.ceil((2 * row.reach) / sampling);
  const at = (step: number) => (step + 0.5) * sampling - row.reach;
  const thickness = new Float64Array(steps * steps);
  thickness.forEach((_, index) => {
    const [x, y] = [at(index % steps), at(Math.floor(index / steps))];
    thickness[index] = bodyThickness(row, map, x, y, sampling);
  });
  const level = edgeShare * thickness.reduce((most, value) => Math.max(most, value), 0);
  let [top, left, bottom, right] = [steps, steps, 0, 0];
  thickness.forEach((value, index) => {
    if (value <= level) return;
    const [line, column] = [Math.floor(index / steps), index % steps];
    [top, bottom] = [Math.min(top, line), Math.max(bottom, line + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  });
  const [x, y] = row.center;
  const place = (step: number) => step * sampling - row.reach;
  return [y + place(top), x + place(left), y + place(bottom), x + place(right)];
}

const extentOfSpecks = (specks: readonly Sphere[]): Extent => [
  Math.min(...specks.map(({ y, radius }) => y - radius)),
  Math.min(...specks.map(({ x, radius }) => x - radius)),
  Math.max(...specks.map(({ y, radius }) => y + radius)),
  Math.max(...specks.map(({ x, radius }) => x + radius)),
];

/** Where a picture has a lesion's extent. */
export interface LesionExtents {
  readonly ffdm: Extent;
  readonly sm: Extent;
}

/** Extents in mm of both pictures; the mammogram's are cast from the lesion's own height by the vertical source. */
export function extentsOf(lesion: PlacedLesion, frame: Frame): LesionExtents {
  const sm = "map" in lesion ? extentOfBody(lesion) : extentOfSpecks(lesion.specks);
  const source = [0, frame.middle, frame.vertical] as const;
  const cast = (x: number, y: number) => fromDetector(frame, shadow(frame, source, [x, y, lesion.center[2]]));
  const [left, top] = cast(sm[1], sm[0]);
  const [right, bottom] = cast(sm[3], sm[2]);
  return { sm, ffdm: [top, left, bottom, right] };
}

/** A box in pixels: rounded outwards with a pixel of margin, grown to the smallest side, and kept within the image. */
export function boxOf(extent: Extent, spacing: number, rows: number, columns: number): Box {
  const [yMin, xMin, yMax, xMax] = extent.map((value) => value / spacing);
  const side = (low: number, high: number, size: number): [number, number] => {
    const margin = Math.max(1, (smallestSide - (high - low)) / 2);
    return [Math.max(Math.floor(low - margin), 0), Math.min(Math.ceil(high + margin), size)];
  };
  const [top, bottom] = side(yMin, yMax, rows);
  const [left, right] = side(xMin, xMax, columns);
  return [top, left, bottom, right];
}
