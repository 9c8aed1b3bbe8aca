// Free-response ROC: lesions found against false positives per image, as the DBTex challenge's official evaluation
// (mazurowski-lab/duke-dbt-data) counts and interpolates them, for any match rule and per class.
import { onceEach, type Weights } from "./bootstrap.ts";
import type { ImageResult, MatchRule } from "./detection.ts";
import { descendingOrder } from "./order.ts";

export interface FrocPoint {
  /** Detections with this score or a higher one count. */
  readonly threshold: number;
  readonly falsePositivesPerImage: number;
  /** Share of all annotations that are found. */
  readonly sensitivity: number;
}

/**
 * What becomes of a detection: a false positive, the best-scored one of an annotation, or a further one of it, which
 * is neither a find nor a false positive.
 */
const outcome = { falsePositive: 0, found: 1, again: 2 } as const;
type Outcome = (typeof outcome)[keyof typeof outcome];

/**
 * The annotation that each detection of one image belongs to, −1 for none: of those of its class the one that it fits best, the
 * first of equally good ones, whatever the other detections do.
 */
function credit({ annotations, detections }: ImageResult, rule: MatchRule): number[] {
  return detections.map((detection) => {
    let credited = -1;
    let bestFit = Number.NEGATIVE_INFINITY;
    annotations.forEach((annotation, candidate) => {
      if (annotation.label !== detection.label) return;
      const fit = rule.fit(detection, annotation);
      if (fit <= bestFit) return;
      credited = candidate;
      bestFit = fit;
    });
    return credited;
  });
}

/** What becomes of each detection of one image. */
function judge(result: ImageResult, rule: MatchRule): Outcome[] {
  const credited = credit(result, rule);
  const outcomes = new Array<Outcome>(credited.length);
  const found = new Set<number>();
  for (const index of descendingOrder(result.detections.map(({ score }) => score))) {
    if (credited[index] < 0) outcomes[index] = outcome.falsePositive;
    else {
      outcomes[index] = found.has(credited[index]) ? outcome.again : outcome.found;
      found.add(credited[index]);
    }
  }
  return outcomes;
}

/** The best score that each annotation of an image is found with; −Infinity: not at all. */
export function lesionScores(result: ImageResult, rule: MatchRule): number[] {
  const best = result.annotations.map(() => Number.NEGATIVE_INFINITY);
  credit(result, rule).forEach((lesion, index) => {
    if (lesion >= 0) best[lesion] = Math.max(best[lesion], result.detections[index].score);
  });
  return best;
}

interface RankedDetections {
  readonly scores: Float64Array;
  readonly images: Uint32Array;
  readonly outcomes: Uint8Array;
}

/** The detections of all images, best first. */
function rank(results: readonly ImageResult[], rule: MatchRule): RankedDetections {
  const scores = results.flatMap(({ detections }) => detections.map(({ score }) => score));
  const images = results.flatMap(({ detections }, image) => detections.map(() => image));
  const outcomes = results.flatMap((result) => judge(result, rule));
  const order = descendingOrder(scores);
  return {
    scores: Float64Array.from(order, (index) => scores[index]),
    images: order.map((index) => images[index]),
    outcomes: Uint8Array.from(order, (index) => outcomes[index]),
  };
}

/** A curve as a function of how often each image enters; it ends with its first point beyond `maxRate`. */
export type PreparedFroc = (weights: Weights, maxRate?: number) => FrocPoint[];

/**
 * The FROC curve, matched and sorted once. It begins at (0, 0) and has a point at the score of every detection that
 * hits an annotation, and one with all detections. Sensitivities are NaN when no annotation enters.
 * @throws Error when a score is NaN.
 */
export function prepareFroc(results: readonly ImageResult[], rule: MatchRule): PreparedFroc {
  const { scores, images, outcomes } = rank(results, rule);
  return (weights, maxRate = Infinity) => {
    let imageCount = 0;
    let annotationCount = 0;
    results.forEach(({ annotations }, image) => {
      imageCount += weights[image];
      annotationCount += weights[image] * annotations.length;
    });
    const points: FrocPoint[] = [];
    let falsePositives = 0;
    let found = 0;
    const addPoint = (threshold: number) =>
      points.push({
        threshold,
        falsePositivesPerImage: falsePositives / imageCount,
        sensitivity: found / annotationCount,
      });
    addPoint(Infinity);
    let hit = false;
    for (let index = 0; index < scores.length; index++) {
      const weight = weights[images[index]];
      if (outcomes[index] === outcome.falsePositive) falsePositives += weight;
      else hit ||= weight > 0;
      if (outcomes[index] === outcome.found) found += weight;
      const last = index + 1 === scores.length;
      if (!last && (!hit || scores[index + 1] === scores[index])) continue;
      addPoint(scores[index]);
      hit = false;
      if (falsePositives / imageCount > maxRate) break;
    }
    return points;
  };
}

/** The FROC curve, every image entering once; see {@link prepareFroc}. */
export const frocCurve = (results: readonly ImageResult[], rule: MatchRule): FrocPoint[] =>
  prepareFroc(results, rule)(onceEach(results.length));

/**
 * The sensitivity at each of the rates of false positives per image, linearly between the curve's points (what
 * choosing between two thresholds by lot attains); of several points at one rate the last, beyond the curve its end.
 */
export function sensitivityAt(curve: readonly FrocPoint[], rates: readonly number[]): number[] {
  return rates.map((rate) => {
    const next = curve.findIndex(({ falsePositivesPerImage }) => falsePositivesPerImage > rate);
    if (next < 0) return curve[curve.length - 1].sensitivity;
    const [left, right] = [curve[next - 1], curve[next]];
    const share =
      (rate - left.falsePositivesPerImage) / (right.falsePositivesPerImage - left.falsePositivesPerImage);
    return left.sensitivity + share * (right.sensitivity - left.sensitivity);
  });
}

/** The lowest threshold of a curve whose false positives per image stay within a rate. */
export const thresholdAt = (curve: readonly FrocPoint[], rate: number): number =>
  curve.reduce(
    (lowest, { threshold, falsePositivesPerImage }) =>
      falsePositivesPerImage <= rate ? Math.min(lowest, threshold) : lowest,
    Number.POSITIVE_INFINITY,
  );
