// Average precision by COCO's rules (pycocotools, area "all"), for any match rule.
import type { Annotation, Detection } from "../base/boxes.ts";
import type { Statistic, Weights } from "./bootstrap.ts";
import type { ImageResult, MatchRule } from "./detection.ts";
import { descendingOrder } from "./order.ts";

/** COCO's limit of detections per image and class, best first. */
const maxDetections = 100;

/** numpy's spacing(1), which pycocotools adds to the denominator of a precision. */
const spacing = 2 ** -52;

/** One class's detections over all images, best first; equal scores in the order of images, then of detections. */
interface RankedClass {
  /** Annotations per image. */
  readonly annotations: Uint32Array;
  /** The image of each detection. */
  readonly images: Uint32Array;
  /** Whether each detection matches an annotation that no better one has taken. */
  readonly hits: Uint8Array;
}

/**
 * Greedy matching in one image and class: each detection, best first, takes the free annotation that it fits best; of
 * equally good ones the last (COCO's order).
 * @returns whether each detection took one.
 */
function takeAnnotations(
  detections: readonly Detection[],
  annotations: readonly Annotation[],
  rule: MatchRule,
): boolean[] {
  const taken = annotations.map(() => false);
  return detections.map((detection) => {
    let best = -1;
    let bestFit = Number.NEGATIVE_INFINITY;
    annotations.forEach((annotation, candidate) => {
      if (taken[candidate]) return;
      const fit = rule.fit(detection, annotation);
      if (fit === Number.NEGATIVE_INFINITY || fit < bestFit) return;
      best = candidate;
      bestFit = fit;
    });
    if (best >= 0) taken[best] = true;
    return best >= 0;
  });
}

function rankClass(results: readonly ImageResult[], label: number, rule: MatchRule): RankedClass {
  const scores: number[] = [];
  const images: number[] = [];
  const hits: boolean[] = [];
  const annotations = new Uint32Array(results.length);
  results.forEach((result, image) => {
    const truths = result.annotations.filter((annotation) => annotation.label === label);
    const found = result.detections.filter((detection) => detection.label === label);
    const order = descendingOrder(found.map(({ score }) => score)).subarray(0, maxDetections);
    const best = Array.from(order, (index) => found[index]);
    annotations[image] = truths.length;
    takeAnnotations(best, truths, rule).forEach((hit, index) => {
      scores.push(best[index].score);
      images.push(image);
      hits.push(hit);
    });
  });
  const order = descendingOrder(scores);
  return {
    annotations,
    images: order.map((index) => images[index]),
    hits: Uint8Array.from(order, (index) => Number(hits[index])),
  };
}

/**
 * Mean over the recalls 0, 0.01 … 1 of the best precision at that recall or a higher one; 0 where it is not reached.
 * The recalls are i · 0.01 as float64 rounds it, which is not i / 100: with recall steps on the grid it decides digits.
 * Points of the curve are needed at hits alone: between two of them recall stays and precision falls. For the same
 * reason a hit that enters several times gives one point, after the last.
 */
function interpolatedPrecision({ annotations, images, hits }: RankedClass, weights: Weights): number {
  let total = 0;
  for (let image = 0; image < annotations.length; image++) total += weights[image] * annotations[image];
  if (total === 0) return NaN;
  const recalls: number[] = [];
  const precisions: number[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (let rank = 0; rank < images.length; rank++) {
    const weight = weights[images[rank]];
    if (hits[rank] === 0) falsePositives += weight;
    else if (weight > 0) {
      truePositives += weight;
      recalls.push(truePositives / total);
      precisions.push(truePositives / (falsePositives + truePositives + spacing));
    }
  }
  for (let point = precisions.length - 2; point >= 0; point--)
    precisions[point] = Math.max(precisions[point], precisions[point + 1]);
  let sum = 0;
  for (let step = 0, point = 0; step <= 100; step++) {
    while (point < recalls.length && recalls[point] < step * 0.01) point++;
    if (point === recalls.length) break;
    sum += precisions[point];
  }
  return sum / 101;
}

/**
 * Average precision as a function of how often each image enters, matched and sorted once: the mean over the classes
 * that have annotations among those images, NaN when none has. An image that enters several times brings its copies of
 * a detection one after the other.
 * @throws Error when a score is NaN.
 */
export function prepareAveragePrecision(results: readonly ImageResult[], rule: MatchRule): Statistic {
  const labels = new Set(results.flatMap(({ annotations }) => annotations.map(({ label }) => label)));
  const classes = [...labels].map((label) => rankClass(results, label, rule));
  return (weights) => {
    const precisions = classes
      .map((ranked) => interpolatedPrecision(ranked, weights))
      .filter((precision) => !Number.isNaN(precision));
    return precisions.reduce((sum, precision) => sum + precision, 0) / precisions.length;
  };
}

/** Average precision, every image entering once; see {@link prepareAveragePrecision}. */
export const averagePrecision = (results: readonly ImageResult[], rule: MatchRule): number =>
  prepareAveragePrecision(results, rule)(new Float64Array(results.length).fill(1));
