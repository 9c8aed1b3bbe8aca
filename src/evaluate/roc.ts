// Receiver operating characteristic of one score per case.
import { onceEach, type Statistic } from "./bootstrap.ts";
import { descendingOrder } from "./order.ts";

/** Whether each case is positive. */
export type Labels = ArrayLike<number | boolean>;

/**
 * The area under the ROC curve as a function of how often each case enters, its scores being sorted once.
 * It is the Mann-Whitney statistic with midranks: the share of pairs of a positive and a negative in which the
 * positive scores higher, a tied pair counting half. NaN when a class is absent.
 * @throws Error when a score is NaN.
 */
export function prepareAreaUnderRoc(labels: Labels, scores: ArrayLike<number>): Statistic {
  const order = descendingOrder(scores);
  return (weights) => {
    let positives = 0;
    let negatives = 0;
    let pairsWon = 0;
    for (let rank = 0; rank < order.length; ) {
      const score = scores[order[rank]];
      let tiedPositives = 0;
      let tiedNegatives = 0;
      for (; rank < order.length && scores[order[rank]] === score; rank++) {
        const index = order[rank];
        if (labels[index]) tiedPositives += weights[index];
        else tiedNegatives += weights[index];
      }
      pairsWon += tiedNegatives * (positives + tiedPositives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
    }
    return pairsWon / (positives * negatives);
  };
}

/** The area under the ROC curve, every case entering once; see {@link prepareAreaUnderRoc}. */
export const areaUnderRoc = (labels: Labels, scores: ArrayLike<number>): number =>
  prepareAreaUnderRoc(labels, scores)(onceEach(scores.length));

export interface RocPoint {
  /** Cases with this score or a higher one are called positive. */
  readonly threshold: number;
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

/**
 * The corners of the ROC curve from (0, 0) to (1, 1): one for every distinct score, thresholds descending from
 * Infinity. A rate is NaN when its class is absent.
 * @throws Error when a score is NaN.
 */
export function rocCurve(labels: Labels, scores: ArrayLike<number>): RocPoint[] {
  const order = descendingOrder(scores);
  const positives = order.reduce((sum, index) => sum + (labels[index] ? 1 : 0), 0);
  const negatives = order.length - positives;
  const points: RocPoint[] = [
    { threshold: Infinity, falsePositiveRate: 0 / negatives, truePositiveRate: 0 / positives },
  ];
  let truePositives = 0;
  order.forEach((index, rank) => {
    if (labels[index]) truePositives++;
    if (rank + 1 < order.length && scores[order[rank + 1]] === scores[index]) return;
    points.push({
      threshold: scores[index],
      falsePositiveRate: (rank + 1 - truePositives) / negatives,
      truePositiveRate: truePositives / positives,
    });
  });
  return points;
}
