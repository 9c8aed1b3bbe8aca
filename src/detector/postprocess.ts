// From logits and decoded boxes to detections, as effdet does it: the best logits of all levels, and of overlapping
// boxes of a class the best. Runs on the CPU.
import { type Box, boxAt, type Detection, intersectionOverUnion } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import { anchorsPerCell } from "./anchors.ts";

/** A detector's outputs for one image, the pixels of all levels one after the other. */
export interface DetectorOutputs {
  /** [9 · numClasses, pixels], channel = anchor · numClasses + class. */
  readonly classLogits: Float32Array;
  /** [pixels · 9, 4], in order pixel, anchor: what `decodeBoxes` leaves. */
  readonly boxes: Float32Array;
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

/** Logits in the order of anchors, then classes: [A, numClasses]. */
function flattenLogits({ classLogits, boxes }: DetectorOutputs): Float32Array {
  const pixels = boxes.length / (4 * anchorsPerCell);
  const channels = classLogits.length / pixels;
  const flat = new Float32Array(classLogits.length);
  for (let channel = 0; channel < channels; channel++)
    for (let pixel = 0; pixel < pixels; pixel++)
      flat[pixel * channels + channel] = classLogits[channel * pixels + pixel];
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

/**
 * The best pairs of anchor and class by logit, descending; of equal logits the lower anchor, then the lower class.
 * @throws UserError when a logit or a box is NaN.
 */
export function bestCandidates(outputs: DetectorOutputs, maxCandidates: number): Candidate[] {
  const { classLogits, boxes } = outputs;
  const numClasses = classLogits.length / (boxes.length / 4);
  const logits = flattenLogits(outputs);
  return largest(logits, maxCandidates).map((index) => {
    const anchor = Math.floor(index / numClasses);
    const box = boxAt(boxes, anchor);
    refuseNaN(box, "boxes");
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
 * @throws UserError when a logit or a box is NaN.
 */
export function postprocess(outputs: DetectorOutputs, options: PostprocessOptions = {}): Detection[] {
  const { maxCandidates = 5000, clip, scoreThreshold = 0, nmsIou = 0.5, maxDetections = 100 } = options;
  const scored = bestCandidates(outputs, maxCandidates)
    .map(({ box, label, logit }) => ({
      box: clip ? clipBox(box, clip) : box,
      label,
      score: sigmoid(logit),
    }))
    .filter(({ score }) => score > scoreThreshold);
  return suppressOverlaps(scored, nmsIou, maxDetections).map((index) => scored[index]);
}
