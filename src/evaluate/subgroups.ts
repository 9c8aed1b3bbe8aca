// Where a difference between models comes from: the share of lesions found, group by group.
import {
  bootstrap,
  onceEach,
  patientResamples,
  percentileInterval,
  type ResamplingOptions,
  type Weights,
} from "./bootstrap.ts";
import { hasLesion, type ImageResult, type MatchRule } from "./detection.ts";
import { frocCurve, lesionScores, thresholdAt } from "./froc.ts";
import type { Estimate } from "./summary.ts";

/** What is known of a lesion, by dimension: { type: "mass", "size, mm": "5 to 9" }. */
export type LesionFacts = Readonly<Record<string, string>>;

export interface SubgroupOptions {
  readonly seed: number;
  readonly resamples: number;
  readonly rule: MatchRule;
  /** False positives per image at which each model is run; its threshold is that of the whole test set. */
  readonly rate: number;
  /** Pairs of models, the first minus the second. */
  readonly comparisons: readonly (readonly [string, string])[];
}

export interface Subgroup {
  readonly dimension: string;
  readonly value: string;
  readonly lesions: number;
  readonly patients: number;
  /** Fewer than ten lesions or patients: its figures say little. */
  readonly isSmall: boolean;
  /** Share of the group's lesions found, by model. */
  readonly sensitivity: Readonly<Record<string, Estimate>>;
  readonly differences: Readonly<Record<string, Estimate>>;
}

/** A group is small below this many lesions or patients. */
const fewest = 10;

/** A lesion on one image. */
interface Lesion {
  readonly image: number;
  readonly patient: string;
  readonly facts: LesionFacts;
  /** Whether each model finds it, in the order of the models. */
  readonly found: readonly boolean[];
}

/** Whether each lesion of each image is found at a rate of false positives. */
export function foundAt(results: readonly ImageResult[], rule: MatchRule, rate: number): boolean[][] {
  const threshold = thresholdAt(frocCurve(results, rule), rate);
  return results.map((result) => lesionScores(result, rule).map((score) => score >= threshold));
}

function lesionsOf(
  results: Readonly<Record<string, readonly ImageResult[]>>,
  facts: readonly (readonly LesionFacts[])[],
  { rule, rate }: SubgroupOptions,
): Lesion[] {
  const found = Object.values(results).map((images) => foundAt(images, rule, rate));
  const [images] = Object.values(results);
  return images.flatMap(({ patient }, image) =>
    facts[image].map((own, lesion) => ({
      image,
      patient,
      facts: own,
      found: found.map((model) => model[image][lesion]),
    })),
  );
}

/** Groups in the order of dimensions, then of values. */
function groupsOf(lesions: readonly Lesion[]): { dimension: string; value: string; own: Lesion[] }[] {
  const dimensions = [...new Set(lesions.flatMap(({ facts }) => Object.keys(facts)))];
  return dimensions.flatMap((dimension) => {
    const values = [...new Set(lesions.flatMap(({ facts }) => facts[dimension] ?? []))].sort((a, b) =>
      a.localeCompare(b, "en", { numeric: true }),
    );
    return values.map((value) => ({
      dimension,
      value,
      own: lesions.filter(({ facts }) => facts[dimension] === value),
    }));
  });
}

/** Shares of lesions found by each model, and their differences, as functions of the images' weights. */
function statistics(own: readonly Lesion[], models: number, pairs: readonly (readonly [number, number])[]) {
  return (weights: Weights): number[] => {
    const found = new Float64Array(models);
    let all = 0;
    for (const lesion of own) {
      all += weights[lesion.image];
      lesion.found.forEach((hit, model) => {
        if (hit) found[model] += weights[lesion.image];
      });
    }
    const shares = [...found].map((count) => count / all);
    return [...shares, ...pairs.map(([first, second]) => shares[first] - shares[second])];
  };
}

/**
 * @param results by model, of the same images in the same order, with the same lesions in the same order on each.
 * @param facts of every lesion of every image.
 * @throws Error when an image's facts are not as many as its lesions.
 */
export function subgroupsOf(
  results: Readonly<Record<string, readonly ImageResult[]>>,
  facts: readonly (readonly LesionFacts[])[],
  options: SubgroupOptions,
): Subgroup[] {
  const names = Object.keys(results);
  const [images] = Object.values(results);
  for (const [name, others] of Object.entries(results))
    others.forEach(({ annotations }, image) => {
      if (annotations.length !== facts[image].length)
        throw new Error(
          `${name}, image ${image}: ${annotations.length} lesions and facts of ${facts[image].length}`,
        );
    });
  const pairs = options.comparisons.map(
    ([first, second]) => [names.indexOf(first), names.indexOf(second)] as const,
  );
  const resampling: ResamplingOptions = {
    patients: images.map(({ patient }) => patient),
    hasLesion: images.map(hasLesion),
    resamples: options.resamples,
    seed: options.seed,
  };
  const resamples = [...patientResamples(resampling)];
  return groupsOf(lesionsOf(results, facts, options)).map(({ dimension, value, own }) => {
    const figures = statistics(own, names.length, pairs);
    const sample = figures(onceEach(images.length));
    // A resample without any of the group's lesions says nothing of it.
    const seen = resamples.filter((weights) => own.some(({ image }) => weights[image] > 0));
    const replicates = bootstrap(seen, figures);
    const estimates = sample.map(
      (share, index): Estimate => ({
        value: share,
        ...percentileInterval(replicates[index]),
      }),
    );
    const patients = new Set(own.map(({ patient }) => patient)).size;
    return {
      dimension,
      value,
      lesions: own.length,
      patients,
      isSmall: own.length < fewest || patients < fewest,
      sensitivity: Object.fromEntries(names.map((name, index) => [name, estimates[index]])),
      differences: Object.fromEntries(
        options.comparisons.map((pair, index) => [pair.join(" - "), estimates[names.length + index]]),
      ),
    };
  });
}
