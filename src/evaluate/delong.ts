// DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988): the variance of the area under the ROC curve and of the
// difference of two, by Sun and Xu's midranks (IEEE Signal Processing Letters 21, 2014), in n·log n. Cases must be
// independent: one row a patient, else the intervals are too narrow.
import jstat from "jstat";
import { descendingOrder } from "./order.ts";
import type { Labels } from "./roc.ts";

const { normal } = jstat.jStat;

/** A figure with its standard error's square and the interval that follows for a normal estimator. */
export interface Measured {
  readonly value: number;
  /** NaN with fewer than two cases of a class. */
  readonly variance: number;
  readonly low: number;
  readonly high: number;
}

export interface PairedTest {
  readonly a: Measured;
  readonly b: Measured;
  readonly covariance: number;
  /** a minus b; its interval is not clipped. */
  readonly difference: Measured;
  readonly z: number;
  /** Two-sided. */
  readonly p: number;
}

/** Ranks from 1 upwards in ascending order, tied scores sharing the mean of theirs. */
function midranks(scores: Float64Array): Float64Array {
  const order = descendingOrder(scores).reverse();
  const ranks = new Float64Array(scores.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + end + 1) / 2;
  }
  return ranks;
}

/** For every case the share of the other class that it is ordered rightly against; their mean over a class is the area. */
interface Components {
  readonly area: number;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

function componentsOf(labels: Labels, scores: ArrayLike<number>): Components {
  const all = Float64Array.from(scores);
  const positive = all.filter((_, i) => labels[i]);
  const negative = all.filter((_, i) => !labels[i]);
  const [m, n] = [positive.length, negative.length];
  const joint = midranks(Float64Array.of(...positive, ...negative));
  const [ownPositive, ownNegative] = [midranks(positive), midranks(negative)];
  const positives = ownPositive.map((rank, i) => (joint[i] - rank) / n);
  const negatives = ownNegative.map((rank, j) => 1 - (joint[m + j] - rank) / m);
  return { area: positives.reduce((sum, value) => sum + value, 0) / m, positives, negatives };
}

/** Covariance of the means of two lists of the same cases. */
function covarianceOfMeans(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const products = a.reduce((sum, value, i) => sum + (value - meanA) * (b[i] - meanB), 0);
  return products / (a.length - 1) / a.length;
}

const covarianceOf = (a: Components, b: Components): number =>
  covarianceOfMeans(a.positives, b.positives) + covarianceOfMeans(a.negatives, b.negatives);

function measured(value: number, variance: number, confidence: number): Measured {
  const reach = normal.inv(0.5 + confidence / 2, 0, 1) * Math.sqrt(variance);
  return { value, variance, low: value - reach, high: value + reach };
}

function measuredArea(components: Components, confidence: number): Measured {
  const { value, variance, low, high } = measured(
    components.area,
    covarianceOf(components, components),
    confidence,
  );
  return { value, variance, low: Math.max(low, 0), high: Math.min(high, 1) };
}

/**
 * The area under the ROC curve with DeLong's variance and interval, clipped to [0, 1].
 * @throws Error when a score is NaN.
 */
export const delongArea = (labels: Labels, scores: ArrayLike<number>, confidence = 0.95): Measured =>
  measuredArea(componentsOf(labels, scores), confidence);

/** Two areas on the same cases, and whether they differ. Equal scores give z = 0 and p = 1. */
export function delongTest(
  labels: Labels,
  scoresA: ArrayLike<number>,
  scoresB: ArrayLike<number>,
  confidence = 0.95,
): PairedTest {
  const [first, second] = [componentsOf(labels, scoresA), componentsOf(labels, scoresB)];
  const [a, b] = [measuredArea(first, confidence), measuredArea(second, confidence)];
  const covariance = covarianceOf(first, second);
  const variance = Math.max(a.variance + b.variance - 2 * covariance, 0);
  const difference = measured(a.value - b.value, variance, confidence);
  const z = difference.value === 0 ? 0 : difference.value / Math.sqrt(variance);
  return { a, b, covariance, difference, z, p: 2 * normal.cdf(-Math.abs(z), 0, 1) };
}
