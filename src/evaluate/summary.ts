// The figures of a run: every model's, and the differences of pairs of models on the same images, with intervals from
// one list of resamples of patients.
import { prepareAveragePrecisions } from "./averagePrecision.ts";
import {
  bootstrap,
  onceEach,
  patientResamples,
  percentileInterval,
  type ResamplingOptions,
  type Weights,
} from "./bootstrap.ts";
import { hasLesion, type ImageResult, imageScore, iouRule, type MatchRule } from "./detection.ts";
import { prepareFroc, sensitivityAt } from "./froc.ts";
import { prepareAreaUnderRoc } from "./roc.ts";

/** A figure and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface OperatingPoint {
  readonly falsePositivesPerImage: number;
  readonly sensitivity: number;
  readonly low: number;
  readonly high: number;
}

/** The figures of one model, or the differences of two models' figures. NaN where a figure is not defined. */
export interface Figures {
  /** Of the image score, images with any lesion against those without. */
  readonly auc: Estimate;
  /** Average precision by IoU threshold. */
  readonly ap: Readonly<Record<string, Estimate>>;
  readonly froc: readonly OperatingPoint[];
}

export interface Summary {
  readonly method: {
    readonly patients: number;
    readonly images: number;
    readonly imagesWithLesion: number;
    readonly resamples: number;
    /** When a detection finds a lesion, for the FROC. */
    readonly frocRule: string;
  };
  readonly models: Readonly<Record<string, Figures>>;
  readonly differences: Readonly<Record<string, Figures>>;
}

export interface SummaryOptions {
  readonly seed: number;
  /** Pairs of model names, the first minus the second. */
  readonly differences?: readonly (readonly [string, string])[];
  /** At least 1; default 2,000. */
  readonly resamples?: number;
  /** IoU thresholds of the average precision; default 0.1, 0.25, 0.5 and 0.75. */
  readonly apThresholds?: readonly number[];
  /** False positives per image; default 0.25, 0.5, 1, 2 and 4. */
  readonly frocRates?: readonly number[];
  /** Default IoU >= 0.1: a mark that leads the reader to the lesion, however well it outlines it. */
  readonly frocRule?: MatchRule;
}

export const summaryDefaults = {
  differences: [],
  resamples: 2000,
  apThresholds: [0.1, 0.25, 0.5, 0.75],
  frocRates: [0.25, 0.5, 1, 2, 4],
  frocRule: iouRule(0.1),
};

type Settings = Required<SummaryOptions>;

type FigureSettings = Pick<Settings, "apThresholds" | "frocRates" | "frocRule">;

/** What `prepareFigures` gives, in words. */
export const figureNames = ({ apThresholds, frocRates }: FigureSettings): string[] => [
  "image AUC",
  ...apThresholds.map((iou) => `AP at IoU ${iou}`),
  ...frocRates.map((rate) => `sensitivity at ${rate}`),
];

/** AUC, every average precision and every sensitivity of one model, in this order, as functions of the images' weights. */
export function prepareFigures(
  results: readonly ImageResult[],
  { apThresholds, frocRates, frocRule }: FigureSettings,
): (weights: Weights) => number[] {
  const auc = prepareAreaUnderRoc(results.map(hasLesion), results.map(imageScore));
  const ap = prepareAveragePrecisions(results, apThresholds.map(iouRule));
  const froc = prepareFroc(results, frocRule);
  const maxRate = Math.max(...frocRates);
  return (weights) => [auc(weights), ...ap(weights), ...sensitivityAt(froc(weights, maxRate), frocRates)];
}

/** Names the estimates that `prepareFigures` orders. */
function nameFigures(estimates: readonly Estimate[], { apThresholds, frocRates }: Settings): Figures {
  const [auc, ...rest] = estimates;
  return {
    auc,
    ap: Object.fromEntries(apThresholds.map((threshold, index) => [String(threshold), rest[index]])),
    froc: frocRates.map((falsePositivesPerImage, index) => {
      const { value, low, high } = rest[apThresholds.length + index];
      return { falsePositivesPerImage, sensitivity: value, low, high };
    }),
  };
}

/** @throws Error unless all models judge the same images: the patients must agree, image by image. */
export function patientsOf(results: Readonly<Record<string, readonly ImageResult[]>>): string[] {
  const [first, ...others] = Object.entries(results);
  if (!first) throw new Error("no model to summarise");
  const patients = first[1].map(({ patient }) => patient);
  for (const [name, images] of others)
    if (images.length !== patients.length || images.some(({ patient }, i) => patient !== patients[i]))
      throw new Error(`${name} and ${first[0]} do not hold results of the same images in the same order`);
  return patients;
}

/** A figure of the sample, and of every resample. */
interface Replicated {
  readonly value: number;
  readonly replicates: Float64Array;
}

const estimate = ({ value, replicates }: Replicated): Estimate => ({
  value,
  ...percentileInterval(replicates),
});

/** The difference on the sample and on each of the resamples, which both figures share. */
const subtract = (minuend: Replicated, subtrahend: Replicated): Replicated => ({
  value: minuend.value - subtrahend.value,
  replicates: minuend.replicates.map((value, resample) => value - subtrahend.replicates[resample]),
});

/** Every model's figures, in the order of `prepareFigures`; all models see the same resamples. */
function replicateFigures(
  results: Readonly<Record<string, readonly ImageResult[]>>,
  resampling: ResamplingOptions,
  settings: Settings,
): Map<string, Replicated[]> {
  const names = Object.keys(results);
  const prepared = names.map((name) => prepareFigures(results[name], settings));
  const statistics = (weights: Weights) => prepared.flatMap((figures) => figures(weights));
  const sample = statistics(onceEach(resampling.patients.length));
  const replicates = bootstrap(patientResamples(resampling), statistics);
  const all = sample.map((value, index) => ({ value, replicates: replicates[index] }));
  const perModel = all.length / names.length;
  return new Map(names.map((name, model) => [name, all.slice(model * perModel, (model + 1) * perModel)]));
}

/**
 * @param results by model, of the same images in the same order. The annotations are each model's own, since an FFDM
 * and an SM need not have the same pixels.
 * @throws Error when the images differ, when a difference names a model that is not there, or when a score is NaN.
 */
export function summarizeModels(
  results: Readonly<Record<string, readonly ImageResult[]>>,
  options: SummaryOptions,
): Summary {
  const settings: Settings = { ...summaryDefaults, ...options };
  const { seed, resamples, frocRule, differences } = settings;
  for (const name of differences.flat())
    if (!(name in results)) throw new Error(`no results of ${name} to compare`);
  const patients = patientsOf(results);
  const lesions = patients.map((_, image) =>
    Object.values(results).some((images) => hasLesion(images[image])),
  );
  const resampling = { patients, hasLesion: lesions, resamples, seed };
  const figures = replicateFigures(results, resampling, settings);
  const name = (replicated: Replicated[]) => nameFigures(replicated.map(estimate), settings);
  return {
    method: {
      patients: new Set(patients).size,
      images: patients.length,
      imagesWithLesion: lesions.filter(Boolean).length,
      resamples,
      frocRule: frocRule.name,
    },
    models: Object.fromEntries([...figures].map(([model, replicated]) => [model, name(replicated)])),
    differences: Object.fromEntries(
      differences.map(([first, second]) => {
        const others = figures.get(second)!;
        const difference = figures.get(first)!.map((figure, index) => subtract(figure, others[index]));
        return [`${first} - ${second}`, name(difference)];
      }),
    ),
  };
}
