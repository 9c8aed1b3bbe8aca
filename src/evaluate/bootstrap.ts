// The bootstrap over patients. A resample is held as weights: how often each image enters. A statistic that sorts its
// scores once and then takes weights costs one pass a resample, and one list of resamples serves all models, which
// makes their differences paired.
import { RandomStream } from "../base/random.ts";

/** How often each image enters. One type of array alone, for a compiler's sake: it is read in the innermost loop. */
export type Weights = Float64Array;

/** The weights of the sample itself. */
export const onceEach = (count: number): Weights => new Float64Array(count).fill(1);

/** A figure of a fixed set of images, as a function of how often each enters. */
export type Statistic = (weights: Weights) => number;

export interface ResamplingOptions {
  /** The patient of each image. */
  readonly patients: readonly string[];
  /** Whether each image shows a lesion. */
  readonly hasLesion: readonly boolean[];
  /** At least 1; default 2,000. */
  readonly resamples?: number;
  readonly seed: number;
}

/**
 * Image indices of every patient, by stratum. Patients are told apart by whether any, and whether all, of their images
 * show a lesion: with strata of their own, no resample lacks the images with lesions, nor those without, that the
 * sample has.
 */
function stratify({ patients, hasLesion }: ResamplingOptions): number[][][] {
  const ofPatient = new Map<string, number[]>();
  patients.forEach((patient, image) => {
    const images = ofPatient.get(patient);
    if (images) images.push(image);
    else ofPatient.set(patient, [image]);
  });
  const strata: Record<"all" | "some" | "none", number[][]> = { all: [], some: [], none: [] };
  for (const images of ofPatient.values()) {
    const positives = images.filter((image) => hasLesion[image]).length;
    strata[positives === 0 ? "none" : positives === images.length ? "all" : "some"].push(images);
  }
  return Object.values(strata);
}

/** Weights [images] of every resample: as many patients drawn with replacement from each stratum as it has. */
export function* patientResamples(options: ResamplingOptions): Generator<Weights, void, undefined> {
  const strata = stratify(options);
  const stream = new RandomStream(options.seed, "bootstrap over patients");
  for (let resample = 0; resample < (options.resamples ?? 2000); resample++) {
    const weights = new Float64Array(options.patients.length);
    for (const patients of strata)
      for (let draw = 0; draw < patients.length; draw++)
        for (const image of patients[stream.nextInteger(patients.length)]) weights[image]++;
    yield weights;
  }
}

/**
 * @param statistics several figures at once, the same number for every resample.
 * @returns for each of them its values over the resamples.
 */
export function bootstrap(
  resamples: Iterable<Weights>,
  statistics: (weights: Weights) => readonly number[],
): Float64Array[] {
  const rows = Array.from(resamples, statistics);
  return (rows[0] ?? []).map((_, index) => Float64Array.from(rows, (row) => row[index]));
}

/** The quantile of sorted values by linear interpolation (Hyndman and Fan's type 7, R's and numpy's default). */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

export const confidence = 0.95;

/** The 95 % percentile interval of a statistic's values over the resamples; NaN when any of them is. */
export function percentileInterval(replicates: Float64Array): { low: number; high: number } {
  if (replicates.some(Number.isNaN)) return { low: NaN, high: NaN };
  const sorted = replicates.slice().sort();
  const tail = (1 - confidence) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}
