// Figures of models that were trained several times from other random numbers. Two things scatter: which patients happen to
// be in the test set, and how a training happens to end. Both are resampled, so that an interval holds what another test set
// and another training would give.
import { RandomStream } from "../base/random.ts";
import { onceEach, patientResamples, percentileInterval, type Weights } from "./bootstrap.ts";
import { hasLesion, type ImageResult } from "./detection.ts";
import { holmAdjusted } from "./proportions.ts";
import { figureNames, patientsOf, prepareFigures, summaryDefaults } from "./summary.ts";

/** A figure's mean over seeds, with its 95 % interval over patients and seeds. */
export interface SeededFigure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly perSeed: readonly number[];
  /** Standard deviation from one training to the next; NaN for a single one. */
  readonly seedDeviation: number;
  /** Standard deviation from one test set to the next, of the mean over these very trainings. */
  readonly patientDeviation: number;
}

export interface SeededComparison {
  readonly first: string;
  readonly second: string;
  readonly figure: string;
  readonly difference: SeededFigure;
  /** Two-sided, from the resamples on the other side of 0; the least is 2 / (resamples + 1). */
  readonly p: number;
  /** After Holm's correction over all comparisons of the call. */
  readonly adjustedP: number;
}

export interface SeededSummary {
  readonly rows: Readonly<Record<string, Readonly<Record<string, SeededFigure>>>>;
  readonly comparisons: readonly SeededComparison[];
}

export interface SeededOptions {
  readonly seed: number;
  readonly resamples?: number;
  /** Rows to compare, the first minus the second. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** Figures that are compared, of `figureNames`. */
  readonly figures: readonly string[];
}

type Trainings = readonly (readonly ImageResult[])[];

/** [seed][figure] of the sample, and [resample][seed][figure]. */
interface Replicated {
  readonly sample: readonly (readonly number[])[];
  readonly resamples: readonly (readonly (readonly number[])[])[];
}

function replicate(results: Readonly<Record<string, Trainings>>, options: SeededOptions) {
  const flat = Object.entries(results).flatMap(([row, trainings]) =>
    trainings.map((images, seed) => [`${row}, training ${seed + 1}`, images] as const),
  );
  const all = Object.fromEntries(flat);
  const patients = patientsOf(all);
  const lesions = patients.map((_, image) => Object.values(all).some((images) => hasLesion(images[image])));
  const resampling = { patients, hasLesion: lesions, resamples: options.resamples, seed: options.seed };
  const prepared = Object.entries(results).map(
    ([row, trainings]) => [row, trainings.map((images) => prepareFigures(images, summaryDefaults))] as const,
  );
  const weigh = (weights: Weights) =>
    prepared.map(([, trainings]) => trainings.map((figures) => figures(weights)));
  const sample = weigh(onceEach(patients.length));
  const resamples = Array.from(patientResamples(resampling), weigh);
  const ofRow = (index: number): Replicated => ({
    sample: sample[index],
    resamples: resamples.map((rows) => rows[index]),
  });
  return new Map(prepared.map(([row], index) => [row, ofRow(index)]));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** Seeds drawn with replacement, a draw a resample, the same for every row of as many seeds. */
function drawSeeds(count: number, resamples: number, seed: number): number[][] {
  const stream = new RandomStream(seed, `bootstrap over ${count} seeds`);
  return Array.from({ length: resamples }, () =>
    Array.from({ length: count }, () => stream.nextInteger(count)),
  );
}

/** @param perSeed of the sample. @param replicates [resample][seed]. */
function estimate(perSeed: readonly number[], replicates: readonly (readonly number[])[], seed: number) {
  const draws = drawSeeds(perSeed.length, replicates.length, seed);
  const both = Float64Array.from(replicates, (values, resample) =>
    mean(draws[resample].map((s) => values[s])),
  );
  const figure: SeededFigure = {
    mean: mean(perSeed),
    ...percentileInterval(both),
    perSeed,
    seedDeviation: deviation(perSeed),
    patientDeviation: deviation(replicates.map((values) => mean(values))),
  };
  return { figure, both };
}

function twoSided(replicates: Float64Array): number {
  const below = replicates.filter((value) => value <= 0).length;
  const above = replicates.filter((value) => value >= 0).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (replicates.length + 1));
}

/**
 * @param results by row, a list of the test images' results for every seed; all rows of the same images, and rows that are
 * compared of the same seeds in the same order.
 * @throws Error when they are not.
 */
export function summarizeOverSeeds(
  results: Readonly<Record<string, Trainings>>,
  options: SeededOptions,
): SeededSummary {
  const names = figureNames(summaryDefaults);
  const replicated = replicate(results, options);
  const rows = [...replicated].map(([row, { sample, resamples }]) => {
    const figures = names.map((name, index) => {
      const pick = (seeds: readonly (readonly number[])[]) => seeds.map((figures) => figures[index]);
      return [name, estimate(pick(sample), resamples.map(pick), options.seed).figure] as const;
    });
    return [row, Object.fromEntries(figures)] as const;
  });
  const compared = options.comparisons.flatMap(([first, second]) =>
    options.figures.map((figure) => compare(replicated, first, second, figure, options.seed)),
  );
  const adjusted = holmAdjusted(compared.map(({ p }) => p));
  return {
    rows: Object.fromEntries(rows),
    comparisons: compared.map((comparison, index) => ({ ...comparison, adjustedP: adjusted[index] })),
  };
}

function compare(
  replicated: ReadonlyMap<string, Replicated>,
  first: string,
  second: string,
  figure: string,
  seed: number,
) {
  const [a, b] = [first, second].map((row) => {
    const found = replicated.get(row);
    if (!found) throw new Error(`no results of ${row} to compare`);
    return found;
  });
  if (a.sample.length !== b.sample.length)
    throw new Error(`${first} has ${a.sample.length} trainings, ${second} ${b.sample.length}`);
  const index = figureNames(summaryDefaults).indexOf(figure);
  if (index < 0) throw new Error(`no figure ${figure}`);
  const minus = (x: readonly (readonly number[])[], y: readonly (readonly number[])[]) =>
    x.map((figures, training) => figures[index] - y[training][index]);
  const { figure: difference, both } = estimate(
    minus(a.sample, b.sample),
    a.resamples.map((seeds, resample) => minus(seeds, b.resamples[resample])),
    seed,
  );
  return { first, second, figure, difference, p: twoSided(both) };
}
