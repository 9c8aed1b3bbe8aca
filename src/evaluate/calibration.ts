// How far scores can be read as probabilities, and the one number that makes them so.

export interface Bin {
  readonly count: number;
  /** NaN in an empty bin. */
  readonly meanProbability: number;
  readonly shareOfPositives: number;
}

export interface Reliability {
  readonly bins: readonly Bin[];
  /** Expected calibration error: |share − probability| averaged over the cases (Naeini et al., AAAI 2015). */
  readonly expectedError: number;
  readonly maximumError: number;
}

/** A case's bin by its place in the range 0 to 1, or by its rank. */
export type Binning = "equalWidth" | "equalMass";

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

function binsOf(probabilities: ArrayLike<number>, count: number, binning: Binning): number[] {
  const all = Array.from(probabilities);
  if (binning === "equalWidth") return all.map((p) => Math.min(Math.floor(p * count), count - 1));
  const order = all.map((_, index) => index).sort((i, j) => all[i] - all[j] || i - j);
  const bins = new Array<number>(all.length);
  const [least, longer] = [Math.floor(all.length / count), all.length % count];
  // The first bins hold one more each where the cases do not divide evenly.
  const longCases = longer * (least + 1);
  order.forEach((index, rank) => {
    bins[index] =
      rank < longCases ? Math.floor(rank / (least + 1)) : longer + Math.floor((rank - longCases) / least);
  });
  return bins;
}

/** The reliability curve and its errors. Equal widths are closed on the left. */
export function reliability(
  labels: ArrayLike<number | boolean>,
  probabilities: ArrayLike<number>,
  count = 15,
  binning: Binning = "equalWidth",
): Reliability {
  const sums = Array.from({ length: count }, () => ({ count: 0, probability: 0, positives: 0 }));
  binsOf(probabilities, count, binning).forEach((bin, index) => {
    sums[bin].count++;
    sums[bin].probability += probabilities[index];
    sums[bin].positives += Number(labels[index]);
  });
  const bins = sums.map((bin) => ({
    count: bin.count,
    meanProbability: bin.probability / bin.count,
    shareOfPositives: bin.positives / bin.count,
  }));
  const filled = bins.filter((bin) => bin.count > 0);
  const errorOf = (bin: Bin) => Math.abs(bin.shareOfPositives - bin.meanProbability);
  return {
    bins,
    expectedError: filled.reduce((sum, bin) => sum + bin.count * errorOf(bin), 0) / probabilities.length,
    maximumError: Math.max(0, ...filled.map(errorOf)),
  };
}

/** Mean squared difference of probability and label (Brier, 1950). */
export const brierScore = (labels: ArrayLike<number | boolean>, probabilities: ArrayLike<number>): number =>
  Array.from(probabilities, (p, i) => (p - Number(labels[i])) ** 2).reduce((sum, value) => sum + value, 0) /
  probabilities.length;

/** Mean of log(1 + exp(x)) − y·x over logits x, without overflow. */
export const negativeLogLikelihood = (
  labels: ArrayLike<number | boolean>,
  logits: ArrayLike<number>,
  temperature = 1,
): number =>
  Array.from(logits, (logit, i) => {
    const x = logit / temperature;
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - (labels[i] ? x : 0);
  }).reduce((sum, value) => sum + value, 0) / logits.length;

/** Where the best temperature is sought: beyond, scores are all sure or all alike. */
const [coldest, hottest] = [1e-3, 1e3];

/**
 * The temperature T > 0 for which sigmoid(logit / T) is likeliest (Guo et al., ICML 2017). The likelihood is convex in 1/T:
 * its slope is bisected. Without a finite optimum the nearer end of 10⁻³ to 10³ is returned.
 */
export function bestTemperature(labels: ArrayLike<number | boolean>, logits: ArrayLike<number>): number {
  const slope = (inverse: number) =>
    Array.from(logits, (logit, i) => logit * (sigmoid(logit * inverse) - Number(labels[i]))).reduce(
      (sum, value) => sum + value,
      0,
    );
  let [low, high] = [1 / hottest, 1 / coldest];
  if (slope(low) >= 0) return hottest;
  if (slope(high) <= 0) return coldest;
  while (high - low > Number.EPSILON * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (slope(middle) > 0) high = middle;
    else low = middle;
  }
  return 2 / (low + high);
}
