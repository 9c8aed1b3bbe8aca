// Figures beside the summary's: tests that need independent cases, free-response figures of merit, and how far scores can be
// read as probabilities.
import { type FreeResponseFigures, freeResponseFigures, type RatedImage } from "./alternativeFroc.ts";
import { bestTemperature, brierScore, reliability } from "./calibration.ts";
import { delongArea, delongTest, type Measured } from "./delong.ts";
import { hasLesion, type ImageResult, imageScore, type MatchRule } from "./detection.ts";
import { holmAdjusted } from "./proportions.ts";

/** One case a patient: whether any image shows a lesion, and the mean of the images' scores. */
interface PatientCases {
  readonly labels: boolean[];
  readonly scores: number[];
}

function casesOf(results: readonly ImageResult[]): PatientCases {
  const byPatient = new Map<string, ImageResult[]>();
  for (const result of results)
    byPatient.set(result.patient, [...(byPatient.get(result.patient) ?? []), result]);
  const patients = [...byPatient.values()];
  return {
    labels: patients.map((images) => images.some(hasLesion)),
    scores: patients.map(
      (images) => images.reduce((sum, image) => sum + imageScore(image), 0) / images.length,
    ),
  };
}

/** A lesion's rating is the best of the detections that hit it; detections that hit none are false marks. */
function ratingsOf({ annotations, detections }: ImageResult, rule: MatchRule): RatedImage {
  const hits = (detection: ImageResult["detections"][number]) =>
    annotations.filter(
      (annotation) =>
        annotation.label === detection.label && rule.fit(detection, annotation) > Number.NEGATIVE_INFINITY,
    );
  const lesions = annotations.map((annotation) =>
    detections
      .filter((detection) => hits(detection).includes(annotation))
      .reduce((best, { score }) => Math.max(best, score), Number.NEGATIVE_INFINITY),
  );
  const falseMarks = detections.filter((detection) => hits(detection).length === 0).map(({ score }) => score);
  return { lesions, falseMarks };
}

const logit = (score: number): number => {
  const p = Math.min(Math.max(score, 1e-7), 1 - 1e-7);
  return Math.log(p / (1 - p));
};

export interface ModelFigures {
  /** Area under the ROC curve over patients, with DeLong's interval. */
  readonly patientAuc: Measured;
  readonly freeResponse: FreeResponseFigures;
  /** Of image scores: expected calibration error in 15 bins, Brier score, and the temperature that fits these very images best. */
  readonly calibration: {
    readonly expectedError: number;
    readonly brier: number;
    readonly temperature: number;
  };
}

export interface Comparison {
  readonly difference: Measured;
  /** DeLong's paired test over patients, two-sided, and after Holm's correction over all comparisons. */
  readonly p: number;
  readonly adjustedP: number;
}

export interface FurtherFigures {
  readonly models: Readonly<Record<string, ModelFigures>>;
  readonly comparisons: Readonly<Record<string, Comparison>>;
}

function figuresOf(results: readonly ImageResult[], rule: MatchRule): ModelFigures {
  const { labels, scores } = casesOf(results);
  const [images, imageScores] = [results.map(hasLesion), results.map(imageScore)];
  return {
    patientAuc: delongArea(labels, scores),
    freeResponse: freeResponseFigures(results.map((result) => ratingsOf(result, rule))),
    calibration: {
      expectedError: reliability(images, imageScores).expectedError,
      brier: brierScore(images, imageScores),
      temperature: bestTemperature(images, imageScores.map(logit)),
    },
  };
}

/**
 * @param results by model, of the same images in the same order.
 * @param comparisons pairs of model names, the first minus the second.
 */
export function furtherFigures(
  results: Readonly<Record<string, readonly ImageResult[]>>,
  comparisons: readonly (readonly [string, string])[],
  rule: MatchRule,
): FurtherFigures {
  const tests = comparisons.map(([first, second]) => {
    const [a, b] = [casesOf(results[first]), casesOf(results[second])];
    return delongTest(a.labels, a.scores, b.scores);
  });
  const adjusted = holmAdjusted(tests.map(({ p }) => p));
  return {
    models: Object.fromEntries(
      Object.entries(results).map(([name, images]) => [name, figuresOf(images, rule)]),
    ),
    comparisons: Object.fromEntries(
      tests.map(({ difference, p }, index) => [
        comparisons[index].join(" - "),
        { difference, p, adjustedP: adjusted[index] },
      ]),
    ),
  };
}
