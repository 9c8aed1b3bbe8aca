// From the heads' raw outputs to detections, as effdet does it: the best logits of all levels, decoded, and of
// overlapping boxes of a class the best. Runs on the CPU.
import { type Box, type Detection, intersectionOverUnion } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import { anchorsPerCell } from "./anchors.ts";

/** The heads' outputs for one image at one level. */
export interface LevelOutputs {
  readonly height: number;
  readonly width: number;
  /** [9 · numClasses, height, width], channel = anchor · numClasses + class. */
  readonly classLogits: Float32Array;
  /** [9 · 4, height, width], channel = anchor · 4 + (ty, tx, th, tw). */
  readonly boxCodes: Float32Array;
}

export interface PostprocessOptions {
  /** How many of the best logits go on; default 5,000. */
  readonly maxCandidates?: number;
  /** Boxes are cut to this image, in pixels; default not at all. */
  readonly clip?: { readonly height: number; readonly width: number };
  /** Only detections that score more are kept; default 0. */
  readonly scoreThreshold?: number;
  /** A box is suppressed when its IoU with a better one of its class is larger; default 0.5. */
  readonly nmsIou?: number;
  /** Default 100. */
  readonly maxDetections?: number;
}

/** One class at one anchor. */
export interface Candidate {
  /** Index into the anchors of all levels. */
  readonly anchor: number;
  /** Class, from 1. */
  readonly label: number;
  readonly logit: number;
  readonly box: Box;
}

function refuseNaN(values: Float32Array | Box, what: string): void {
  if (values.some(Number.isNaN))
    throw new UserError(`the detector's ${what} are NaN: its weights have diverged in training`);
}

/** Logits of all levels in the order of anchors, then classes: [A, numClasses]. */
function flattenLogits(levels: readonly LevelOutputs[], anchorCount: number): Float32Array {
  const total = levels.reduce((sum, { classLogits }) => sum + classLogits.length, 0);
  const numClasses = total / anchorCount;
  if (!Number.isInteger(numClasses))
    throw new Error(`${total} class logits do not fit ${anchorCount} anchors`);
  const flat = new Float32Array(total);
  let at = 0;
  for (const { height, width, classLogits } of levels) {
    const channels = anchorsPerCell * numClasses;
    const cells = height * width;
    for (let cell = 0; cell < cells; cell++)
      for (let channel = 0; channel < channels; channel++) flat[at++] = classLogits[channel * cells + cell];
  }
  refuseNaN(flat, "class logits");
  return flat;
}

/** Indices of the `count` largest values, or all if there are fewer, descending; of equal values the first ones. */
function largest(values: Float32Array, count: number): number[] {
  const least = values.length > count ? values.slice().sort()[values.length - count] : -Infinity;
  const indices: number[] = [];
  for (let index = 0; index < values.length; index++) if (values[index] >= least) indices.push(index);
  return indices.sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
}

/** The box that a code (ty, tx, th, tw) makes of an anchor: a shift in units of its sides, and their factors' logs. */
function decodeBox([ty, tx, th, tw]: readonly number[], [yMin, xMin, yMax, xMax]: Box): Box {
  const height = yMax - yMin;
  const width = xMax - xMin;
  const centerY = ty * height + (yMin + yMax) / 2;
  const centerX = tx * width + (xMin + xMax) / 2;
  const halfHeight = (Math.exp(th) * height) / 2;
  const halfWidth = (Math.exp(tw) * width) / 2;
  return [centerY - halfHeight, centerX - halfWidth, centerY + halfHeight, centerX + halfWidth];
}

/** The code of an anchor, found in its level. */
function codeOf(levels: readonly LevelOutputs[], anchor: number): number[] {
  let first = 0;
  for (const { height, width, boxCodes } of levels) {
    const cells = height * width;
    const within = anchor - first;
    if (within < cells * anchorsPerCell) {
      const cell = Math.floor(within / anchorsPerCell);
      const channel = (within % anchorsPerCell) * 4;
      return [0, 1, 2, 3].map((component) => boxCodes[(channel + component) * cells + cell]);
    }
    first += cells * anchorsPerCell;
  }
  throw new Error(`anchor ${anchor} lies in no level`);
}

/**
 * The best pairs of anchor and class by logit, descending; of equal logits the lower anchor, then the lower class.
 * @param anchors [A, 4]: yMin, xMin, yMax, xMax, ordered by level, row, column and anchor of the cell.
 * @throws UserError when a logit or a code is NaN.
 */
export function bestCandidates(
  levels: readonly LevelOutputs[],
  anchors: Float32Array,
  maxCandidates: number,
): Candidate[] {
  const logits = flattenLogits(levels, anchors.length / 4);
  const numClasses = logits.length / (anchors.length / 4);
  return largest(logits, maxCandidates).map((index) => {
    const anchor = Math.floor(index / numClasses);
    const [yMin, xMin, yMax, xMax] = anchors.subarray(4 * anchor, 4 * anchor + 4);
    const box = decodeBox(codeOf(levels, anchor), [yMin, xMin, yMax, xMax]);
    refuseNaN(box, "box codes");
    return { anchor, label: (index % numClasses) + 1, logit: logits[index], box };
  });
}

/** The part of a box inside the image; without area when they are apart. */
export function clipBox(box: Box, { height, width }: { height: number; width: number }): Box {
  const inside = (value: number, end: number) => Math.min(Math.max(value, 0), end);
  return [inside(box[0], height), inside(box[1], width), inside(box[2], height), inside(box[3], width)];
}

/**
 * Hard non-maximum suppression within each class.
 * @param boxes best first, with their classes.
 * @param iou suppresses above it; a box at exactly this IoU stays, and so does one without area.
 * @returns indices of the boxes that stay, ascending, `maxDetections` at most.
 */
export function suppressOverlaps(
  boxes: readonly { readonly box: Box; readonly label: number }[],
  iou: number,
  maxDetections: number,
): number[] {
  const keptOfClass = new Map<number, Box[]>();
  const kept: number[] = [];
  for (let index = 0; index < boxes.length && kept.length < maxDetections; index++) {
    const { box, label } = boxes[index];
    const better = keptOfClass.get(label) ?? [];
    if (better.some((other) => intersectionOverUnion(other, box) > iou)) continue;
    better.push(box);
    keptOfClass.set(label, better);
    kept.push(index);
  }
  return kept;
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/**
 * Detections of one image, best first.
 * @param levels from the finest to the coarsest.
 * @param anchors [A, 4] of all levels, as `makeAnchors` gives them.
 * @throws UserError when a logit or a code is NaN.
 */
export function postprocess(
  levels: readonly LevelOutputs[],
  anchors: Float32Array,
  options: PostprocessOptions = {},
): Detection[] {
  const { maxCandidates = 5000, clip, scoreThreshold = 0, nmsIou = 0.5, maxDetections = 100 } = options;
  const scored = bestCandidates(levels, anchors, maxCandidates)
    .map(({ box, label, logit }) => ({
      box: clip ? clipBox(box, clip) : box,
      label,
      score: sigmoid(logit),
    }))
    .filter(({ score }) => score > scoreThreshold);
  return suppressOverlaps(scored, nmsIou, maxDetections).map((index) => scored[index]);
}
