// What is not breast by its level alone: frames around the picture, and the air.
import type { GrayImage } from "../grayImage.ts";

/** Of the range from the darkest to the brightest pixel: how near to an end counts as being there. */
const nearEnd = 0.02;
/** Of a line's pixels: how many must be near the same end for it to be a frame's, or air. */
const uniformShare = 0.95;

/** Rows and columns of an image; the ends are exclusive. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * What lies within white frames. From each side, lines that are uniformly black or uniformly white are passed over,
 * and those up to the last white one cut off: a frame may stand away from the edge.
 */
export function withinFrames({ height, width, data }: GrayImage): Rectangle {
  let [low, high] = [65_535, 0];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const near = nearEnd * (high - low);
  const kindOf = (start: number, step: number, count: number): "black" | "white" | "mixed" => {
    let [black, white] = [0, 0];
    for (let i = 0, at = start; i < count; i++, at += step)
      if (data[at] <= low + near) black++;
      else if (data[at] >= high - near) white++;
    if (white >= uniformShare * count) return "white";
    return black >= uniformShare * count ? "black" : "mixed";
  };
  const seen = { top: 0, left: 0, bottom: height, right: width };
  const inside = { ...seen };
  const kinds = {
    top: () => kindOf(seen.top * width + seen.left, 1, seen.right - seen.left),
    bottom: () => kindOf((seen.bottom - 1) * width + seen.left, 1, seen.right - seen.left),
    left: () => kindOf(seen.top * width + seen.left, width, seen.bottom - seen.top),
    right: () => kindOf(seen.top * width + seen.right - 1, width, seen.bottom - seen.top),
  };
  // A white line at one side may be told only after another side's lines are passed over, so the sides take turns.
  for (let moved = true; moved; ) {
    moved = false;
    for (const side of ["top", "left", "bottom", "right"] as const)
      while (seen.bottom - seen.top > 1 && seen.right - seen.left > 1) {
        const kind = kinds[side]();
        if (kind === "mixed") break;
        seen[side] += side === "top" || side === "left" ? 1 : -1;
        if (kind === "white") inside[side] = seen[side];
        moved = true;
      }
  }
  return inside;
}

const bins = 256;
/** The peak of the air stands, and has fallen off, in this lowest part of the range. */
const airReach = bins / 4;
/** Of the peak's height: how far it must fall to be one at all, and where the air ends. */
const [peakFall, airEnd] = [0.3, 0.03];
/** Of all pixels: how many the air has at least. Less of it matters to nobody, and may be dark fat. */
const leastAir = 0.06;

export interface Air {
  /** The value of the air. */
  readonly level: number;
  /** Values above are not air. */
  readonly threshold: number;
}

/**
 * The air, when there is any: a narrow peak at the dark end of the histogram. Tissue alone rises there as the tail of
 * something broad.
 * @param values of the picture within its frames.
 */
export function findAir(values: Float32Array): Air | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.slice().sort();
  const [low, high] = [sorted[0], sorted[Math.floor(0.995 * (sorted.length - 1))]];
  if (!(high > low)) return undefined;
  const binWidth = (high - low) / bins;
  const counts = new Float64Array(bins);
  for (const value of values) counts[Math.min(Math.floor((value - low) / binWidth), bins - 1)]++;
  const smooth = counts.map((value, bin) => (value + (counts[bin - 1] ?? 0) + (counts[bin + 1] ?? 0)) / 3);
  let peak = 0;
  for (let bin = 1; bin < airReach; bin++) if (smooth[bin] > smooth[peak]) peak = bin;
  let end = peak;
  for (let bin = peak; bin < airReach; bin++) {
    if (smooth[bin] < smooth[end]) end = bin;
    if (smooth[end] <= airEnd * smooth[peak]) break;
  }
  const share = counts.slice(0, end).reduce((sum, count) => sum + count, 0) / values.length;
  if (smooth[end] > peakFall * smooth[peak] || share < leastAir) return undefined;
  const threshold = low + end * binWidth;
  const airValues = sorted.subarray(0, Math.max(1, Math.floor(share * values.length)));
  return { level: airValues[Math.floor(airValues.length / 2)], threshold };
}
