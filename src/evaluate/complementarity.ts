// What the second image could add: where two single models are right, and what of one network's features is in another's.

import { hasLesion, type ImageResult, imageScore, type MatchRule } from "./detection.ts";
import { type Agreement, type AgreementTable, agreementOf } from "./proportions.ts";
import { debiasedCka, type Features, linearCka, ridgePredictions, ridgeR2 } from "./representation.ts";
import { areaUnderRoc } from "./roc.ts";
import { foundAt } from "./subgroups.ts";

export interface ComparedReaders {
  readonly table: AgreementTable;
  readonly agreement: Agreement;
}

function compare(first: readonly boolean[], second: readonly boolean[]): ComparedReaders {
  const count = (a: boolean, b: boolean) => first.filter((right, i) => right === a && second[i] === b).length;
  const table = {
    bothRight: count(true, true),
    onlyFirst: count(true, false),
    onlySecond: count(false, true),
    bothWrong: count(false, false),
  };
  return { table, agreement: agreementOf(table) };
}

/**
 * Lesions that two models find, each at the same rate of false positives per image. Where the lists differ, as a lesion may
 * be visible on one of the images only, images are left out.
 */
export function compareLesions(
  first: readonly ImageResult[],
  second: readonly ImageResult[],
  rule: MatchRule,
  rate: number,
): ComparedReaders {
  const [a, b] = [foundAt(first, rule, rate), foundAt(second, rule, rate)];
  const same = a.map((found, image) => found.length === b[image].length);
  return compare(a.filter((_, i) => same[i]).flat(), b.filter((_, i) => same[i]).flat());
}

/** Images that two models call right, each with the threshold at which a share of the images without lesions is called wrong. */
export function compareImages(
  first: readonly ImageResult[],
  second: readonly ImageResult[],
  falsePositiveShare: number,
): ComparedReaders {
  const rightness = (results: readonly ImageResult[]) => {
    const negative = results.filter((result) => !hasLesion(result)).map(imageScore);
    const threshold = negative.sort((a, b) => b - a)[Math.floor(falsePositiveShare * negative.length)] ?? 1;
    return results.map((result) => imageScore(result) > threshold === hasLesion(result));
  };
  return compare(rightness(first), rightness(second));
}

/** Features of images, and whether each shows a lesion: of those to fit on and those to judge on. */
export interface FeatureSplit {
  readonly fit: Features;
  readonly judge: Features;
}

export interface FeatureComparison {
  readonly linearCka: number;
  readonly debiasedCka: number;
  /** Of the second one's features, explained by the first one's on images that the regression did not see. */
  readonly r2: number;
}

const penalty = 1;

/** Every column to mean 0 and standard deviation 1 over the samples to fit on; a column that never varies is 0. */
function standardised({ fit, judge }: FeatureSplit): FeatureSplit {
  const columns = fit[0].length;
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (const row of fit) for (let c = 0; c < columns; c++) mean[c] += row[c] / fit.length;
  for (const row of fit)
    for (let c = 0; c < columns; c++) deviation[c] += (row[c] - mean[c]) ** 2 / fit.length;
  const scale = (rows: Features): Features =>
    rows.map((row) =>
      Float64Array.from(row as ArrayLike<number>, (value, c) =>
        deviation[c] > 0 ? (value - mean[c]) / Math.sqrt(deviation[c]) : 0,
      ),
    );
  return { fit: scale(fit), judge: scale(judge) };
}

/** How much of the second's features is in the first's. */
export function compareFeatures(first: FeatureSplit, second: FeatureSplit): FeatureComparison {
  const [x, y] = [standardised(first), standardised(second)];
  return {
    linearCka: linearCka(x.judge, y.judge),
    debiasedCka: debiasedCka(x.judge, y.judge),
    r2: ridgeR2({ x: x.fit, y: y.fit }, { x: x.judge, y: y.judge }, penalty),
  };
}

/** The same comparison with the second's samples in an order that has nothing to do with the first's. */
export function permuted(
  { fit, judge }: FeatureSplit,
  order: (count: number) => readonly number[],
): FeatureSplit {
  const shuffle = (rows: Features): Features => order(rows.length).map((place) => rows[place]);
  return { fit: shuffle(fit), judge: shuffle(judge) };
}

/** Several networks' features side by side. */
export const sideBySide = (splits: readonly FeatureSplit[]): FeatureSplit => {
  const join = (pick: (split: FeatureSplit) => Features): Features =>
    pick(splits[0]).map((_, row) =>
      splits.flatMap((split) => [...(Array.from(pick(split)[row]) as number[])]),
    );
  return { fit: join(({ fit }) => fit), judge: join(({ judge }) => judge) };
};

/** AUC on unseen images of a ridge regression from features to whether there is a lesion. */
export function probeAuc(
  features: FeatureSplit,
  lesions: { readonly fit: readonly boolean[]; readonly judge: readonly boolean[] },
): number {
  const { fit, judge } = standardised(features);
  const targets = lesions.fit.map((lesion) => [Number(lesion)]);
  const scores = ridgePredictions({ x: fit, y: targets }, judge, penalty).map(([score]) => score);
  return areaUnderRoc([...lesions.judge], scores);
}
