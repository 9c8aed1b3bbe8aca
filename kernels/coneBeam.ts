// The geometry that coneBeam.wgsl computes, in float64: rays from a source through a compressed breast to a flat detector.
// Millimetres: x from the chest wall, y down the image, z up from the middle of the breast. Pixels are stated in the plane
// z = 0, where the vertical source projects the detector's.
import type { Binding } from "./kernel.ts";

export type Point = readonly [x: number, y: number];
export type Source = readonly [x: number, y: number, z: number];

export interface Frame {
  /** Of the compressed breast. */
  readonly thickness: number;
  /** Height of the detector, below 0. */
  readonly detector: number;
  /** Height of the source that defines the pixels, and the y that it stands above. */
  readonly vertical: number;
  readonly middle: number;
}

/** What the shaders read: the frame, and a source a view (its fourth number is not read). */
export const frameBindings = (views: number): Binding[] => [
  { name: "frame", access: "read", shape: [4] },
  { name: "sources", access: "read", shape: [views, 4] },
];

export const packFrame = ({ thickness, detector, vertical, middle }: Frame): number[] => [
  thickness,
  detector,
  vertical,
  middle,
];

export const readFrame = ([thickness, detector, vertical, middle]: ArrayLike<number> &
  Iterable<number>): Frame => ({
  thickness,
  detector,
  vertical,
  middle,
});

export const readSource = (sources: Float64Array, view: number): Source => [
  sources[4 * view],
  sources[4 * view + 1],
  sources[4 * view + 2],
];

/** How much larger things at z = 0 are on the detector. */
export const magnification = ({ detector, vertical }: Frame): number => (vertical - detector) / vertical;

const scaleAbout = (middle: number, [x, y]: Point, factor: number): Point => [
  x * factor,
  middle + (y - middle) * factor,
];

export const toDetector = (frame: Frame, point: Point): Point =>
  scaleAbout(frame.middle, point, magnification(frame));

export const fromDetector = (frame: Frame, point: Point): Point =>
  scaleAbout(frame.middle, point, 1 / magnification(frame));

/** Where the ray from a source to a point of the detector is at a height. */
export function atHeight({ detector }: Frame, [sx, sy, sz]: Source, [x, y]: Point, z: number): Point {
  const share = (sz - z) / (sz - detector);
  return [sx + (x - sx) * share, sy + (y - sy) * share];
}

/** Where the ray from a source through a point of the breast meets the detector. */
export function shadow({ detector }: Frame, [sx, sy, sz]: Source, [x, y, z]: Source): Point {
  const reach = (sz - detector) / (sz - z);
  return [sx + (x - sx) * reach, sy + (y - sy) * reach];
}

/** Length of a ray to a point of the detector for each millimetre of height. */
export const obliquity = ({ detector }: Frame, [sx, sy, sz]: Source, [x, y]: Point): number =>
  Math.hypot(x - sx, y - sy, sz - detector) / (sz - detector);

/** Bilinear interpolation in a plane of rows × columns that begins at `start`; beyond the edge the edge is repeated. */
export function bilinear(
  data: Float64Array,
  start: number,
  rows: number,
  columns: number,
  row: number,
  column: number,
): number {
  const clamp = (value: number, last: number) => Math.min(Math.max(value, 0), last);
  const [r, c] = [clamp(row, rows - 1), clamp(column, columns - 1)];
  const [top, left] = [
    Math.min(Math.floor(r), Math.max(rows - 2, 0)),
    Math.min(Math.floor(c), Math.max(columns - 2, 0)),
  ];
  const [down, right] = [Math.min(top + 1, rows - 1), Math.min(left + 1, columns - 1)];
  const [fy, fx] = [r - top, c - left];
  const at = (i: number, j: number) => data[start + i * columns + j];
  const upper = at(top, left) + fx * (at(top, right) - at(top, left));
  const lower = at(down, left) + fx * (at(down, right) - at(down, left));
  return upper + fy * (lower - upper);
}

/** A frame and sources for tests: a breast of 30 mm, sources above and beside its middle. */
export function exampleRays(views: number, middle: number) {
  const frame = Float64Array.from(packFrame({ thickness: 30, detector: -20, vertical: 600, middle }));
  const sources = new Float64Array(4 * views);
  for (let view = 0; view < views; view++)
    sources.set([0, middle + 120 * (view - (views - 1) / 2), 600 - 7 * view, 0], 4 * view);
  return { frame, sources };
}
