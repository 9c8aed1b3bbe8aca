import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImageResult, iouRule } from "../../src/evaluate/detection.ts";
import { furtherFigures } from "../../src/evaluate/furtherFigures.ts";

const box = [10, 10, 20, 20] as const;
const elsewhere = [50, 50, 60, 60] as const;

/** Two images a patient; `found` is the score of a mark on the lesion, `wrong` of one elsewhere. */
const image = (patient: string, lesion: boolean, found: number, wrong: number): ImageResult => ({
  patient,
  annotations: lesion ? [{ box: [...box], label: 1 }] : [],
  detections: [
    ...(lesion ? [{ box: [...box] as [number, number, number, number], label: 1, score: found }] : []),
    { box: [...elsewhere], label: 1, score: wrong },
  ],
});

const good = ["a", "b", "c", "d", "e", "f"].flatMap((patient, i) => [
  image(patient, i < 3, 0.9 - 0.02 * i, 0.1 + 0.01 * i),
  image(patient, i < 3, 0.8, 0.2 + 0.01 * i),
]);
const poor = good.map((result, i) =>
  image(result.patient, result.annotations.length > 0, 0.3, 0.2 + 0.05 * ((i * 5) % 7)),
);

test("a model that finds every lesion and is sure of it has figures of 1, and is better than a poor one", () => {
  const { models, comparisons } = furtherFigures({ good, poor }, [["good", "poor"]], iouRule(0.1));
  assert.equal(models.good.patientAuc.value, 1);
  assert.deepEqual([models.good.freeResponse.wafroc, models.good.freeResponse.afroc1], [1, 1]);
  assert.ok(models.poor.freeResponse.wafroc < 1 && models.poor.patientAuc.value < 1);
  assert.ok(models.good.calibration.brier < models.poor.calibration.brier);
  const { difference, p, adjustedP } = comparisons["good - poor"];
  assert.equal(difference.value, models.good.patientAuc.value - models.poor.patientAuc.value);
  assert.ok(p > 0 && p < 1 && adjustedP === p);
});
