// Average precision by COCO's rules (pycocotools, area "all"), for any match rule.
import type { Annotation, Detection } from "../base/boxes.ts";
import { onceEach, type Weights } from "./bootstrap.ts";
import type { ImageResult, MatchRule } from "./detection.ts";
import { descendingOrder } from "./order.ts";

/** COCO's limit of detections per image and class, best first. */
const maxDetections = 100;

/** One class's detections over all images, best first; equal scores in the order of images, then of detections. */
interface RankedClass {
  /** Annotations per image. */
  readonly annotations: Uint32Array;
  /** The image of each detection. */
  readonly images: Uint32Array;
  /** Ranks, ascending, of the detections that are hits under any of the rules. */
  readonly marks: Uint32Array;
  /** Per rule, which of the marks are its hits. */
  readonly hits: readonly Uint32Array[];
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

function rankClass(results: readonly ImageResult[], label: number, rules: readonly MatchRule[]): RankedClass {
  const detections: { score: number; image: number; hits: boolean[] }[] = [];
  const annotations = new Uint32Array(results.length);
  results.forEach((result, image) => {
    const truths = result.annotations.filter((annotation) => annotation.label === label);
    const found = result.detections.filter((detection) => detection.label === label);
    const order = descendingOrder(found.map(({ score }) => score)).subarray(0, maxDetections);
    const best = Array.from(order, (index) => found[index]);
    annotations[image] = truths.length;
    const hits = rules.map((rule) => takeAnnotations(best, truths, rule));
    best.forEach(({ score }, index) => {
      detections.push({ score, image, hits: hits.map((ofRule) => ofRule[index]) });
    });
  });
  const order = descendingOrder(detections.map(({ score }) => score));
  const marks = order.map((_, rank) => rank).filter((rank) => detections[order[rank]].hits.includes(true));
  const hitsUnder = (rule: number) =>
    marks.map((_, mark) => mark).filter((mark) => detections[order[marks[mark]]].hits[rule]);
  return {
    annotations,
    images: order.map((index) => detections[index].image),
    marks,
    hits: rules.map((_, rule) => hitsUnder(rule)),
  };
}

/**
 * How many detections there are down to each mark. It is the innermost loop of a bootstrap, and the same for all rules;
 * four at a time, since each addition to `count` waits for the one before.
 */
function countToMarks({ images, marks }: RankedClass, weights: Weights): Float64Array {
  const counts = new Float64Array(marks.length);
  let count = 0;
  let rank = 0;
  for (let mark = 0; mark < marks.length; mark++) {
    const end = marks[mark] + 1;
    for (; rank + 4 <= end; rank += 4)
      count +=
        weights[images[rank]] +
        weights[images[rank + 1]] +
        (weights[images[rank + 2]] + weights[images[rank + 3]]);
    for (; rank < end; rank++) count += weights[images[rank]];
    counts[mark] = count;
  }
  return counts;
}

/**
 * Mean over the recalls 0, 0.01 … 1 of the best precision at that recall or a higher one; 0 where it is not reached.
 * The recalls are i · 0.01 as float64 rounds it, which is not i / 100: with recall steps on the grid it decides digits.
 * Points of the curve are needed at hits alone: between two of them recall stays and precision falls. For the same
 * reason a hit that enters several times gives one point, after the last.
 * @param counts of all detections down to each mark.
 * @param total annotations.
 */
function interpolatedPrecision(
  { images, marks }: RankedClass,
  hits: Uint32Array,
  weights: Weights,
  counts: Float64Array,
  total: number,
): number {
  const recalls = new Float64Array(hits.length);
  const precisions = new Float64Array(hits.length);
  let found = 0;
  for (let hit = 0; hit < hits.length; hit++) {
    const mark = hits[hit];
    found += weights[images[marks[mark]]];
    recalls[hit] = found / total;
    precisions[hit] = found === 0 ? 0 : found / counts[mark];
  }
  for (let hit = hits.length - 2; hit >= 0; hit--)
    precisions[hit] = Math.max(precisions[hit], precisions[hit + 1]);
  let sum = 0;
  for (let step = 0, hit = 0; step <= 100; step++) {
    while (hit < hits.length && recalls[hit] < step * 0.01) hit++;
    if (hit === hits.length) break;
    sum += precisions[hit];
  }
  return sum / 101;
}

/** One class's precision under each rule; NaN without annotations. */
function classPrecisions(ranked: RankedClass, weights: Weights): number[] {
  const { annotations, hits } = ranked;
  let total = 0;
  for (let image = 0; image < annotations.length; image++) total += weights[image] * annotations[image];
  if (total === 0) return hits.map(() => NaN);
  const counts = countToMarks(ranked, weights);
  return hits.map((ofRule) => interpolatedPrecision(ranked, ofRule, weights, counts, total));
}

/**
 * Average precision under several rules as a function of how often each image enters, matched and sorted once: the
 * mean over the classes that have annotations among those images, NaN when none has. An image that enters several
 * times brings its copies of a detection one after the other.
 * @throws Error when a score is NaN.
 */
export function prepareAveragePrecisions(
  results: readonly ImageResult[],
  rules: readonly MatchRule[],
): (weights: Weights) => number[] {
  const labels = new Set(results.flatMap(({ annotations }) => annotations.map(({ label }) => label)));
  const classes = [...labels].map((label) => rankClass(results, label, rules));
  return (weights) => {
    const ofClasses = classes
      .map((ranked) => classPrecisions(ranked, weights))
      .filter((precisions) => !precisions.some(Number.isNaN));
    return rules.map(
      (_, rule) => ofClasses.reduce((sum, precisions) => sum + precisions[rule], 0) / ofClasses.length,
    );
  };
}

/** Average precision under one rule, every image entering once; see {@link prepareAveragePrecisions}. */
export const averagePrecision = (results: readonly ImageResult[], rule: MatchRule): number =>
  prepareAveragePrecisions(results, [rule])(onceEach(results.length))[0];
