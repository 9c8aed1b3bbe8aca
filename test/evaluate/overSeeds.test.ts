import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import type { ImageResult } from "../../src/evaluate/detection.ts";
import { summarizeOverSeeds } from "../../src/evaluate/overSeeds.ts";
import { summarizeModels } from "../../src/evaluate/summary.ts";

/** Forty patients, every second with a lesion; scores of lesions are higher by `separation` standard deviations. */
function simulate(training: string, separation: number): ImageResult[] {
  const stream = new RandomStream(3, training);
  return Array.from({ length: 40 }, (_, image) => {
    const box = [10, 10, 20, 20] as const;
    const isPositive = image % 2 === 0;
    const score = 1 / (1 + Math.exp(-stream.nextNormal() - (isPositive ? separation : 0)));
    return {
      patient: `p${image}`,
      annotations: isPositive ? [{ box, label: 1 }] : [],
      detections: [{ box, label: 1, score }],
    };
  });
}

const trainings = (model: string, separations: readonly number[]) =>
  separations.map((separation, seed) => simulate(`${model} ${seed}`, separation));
const options = { seed: 9, resamples: 300, comparisons: [], figures: ["image AUC"] };

test("of a single training the figures and intervals are those of summarizeModels", () => {
  const [images] = trainings("only", [1]);
  const { models } = summarizeModels({ only: images }, { seed: 9, resamples: 300 });
  const { rows } = summarizeOverSeeds({ only: [images] }, options);
  const { mean, low, high, seedDeviation } = rows.only["image AUC"];
  assert.deepEqual({ value: mean, low, high }, models.only.auc);
  assert.ok(Number.isNaN(seedDeviation));
  assert.equal(rows.only["AP at IoU 0.5"].mean, models.only.ap["0.5"].value);
  assert.equal(rows.only["sensitivity at 1"].mean, models.only.froc[2].sensitivity);
});

test("the mean is over trainings, and trainings that scatter widen the interval", () => {
  const steady = trainings("steady", [1, 1, 1, 1]);
  const same = Array(4).fill(steady[0]);
  const apart = trainings("apart", [-3, 3, -3, 3]);
  const { rows } = summarizeOverSeeds({ same, apart }, options);
  const [narrow, wide] = [rows.same["image AUC"], rows.apart["image AUC"]];
  assert.ok(Math.abs(narrow.seedDeviation) < 1e-12);
  const { perSeed } = wide;
  assert.equal(perSeed.length, 4);
  assert.ok(Math.abs(wide.mean - perSeed.reduce((sum, value) => sum + value, 0) / 4) < 1e-12);
  const squares = perSeed.reduce((sum, value) => sum + (value - wide.mean) ** 2, 0);
  assert.ok(Math.abs(wide.seedDeviation - Math.sqrt(squares / 3)) < 1e-12);
  assert.ok(wide.high - wide.low > 2 * (narrow.high - narrow.low), JSON.stringify([narrow, wide]));
  // Over the same trainings another test set changes little: what scatters is the training.
  assert.ok(wide.patientDeviation < 0.3 * wide.seedDeviation);
});

test("comparisons are paired, change sign with their order, and are corrected together", () => {
  const [better, worse] = [trainings("better", [3, 3, 3]), trainings("worse", [0, 0, 0])];
  const results = { better, worse, alike: worse };
  const comparisons = [
    ["better", "worse"],
    ["worse", "better"],
    ["alike", "worse"],
  ] as const;
  const [up, down, none] = summarizeOverSeeds(results, { ...options, comparisons }).comparisons;
  assert.ok(up.difference.low > 0.2);
  assert.equal(up.difference.mean, -down.difference.mean);
  assert.ok(Math.abs(up.difference.low + down.difference.high) < 1e-12);
  assert.ok(Math.abs(up.p - 2 / 301) < 1e-12);
  assert.ok(Math.abs(up.adjustedP - 6 / 301) < 1e-12);
  assert.deepEqual([none.difference.mean, none.p], [0, 1]);
});

test("rows of other images, and comparisons of unequal many trainings, are our own fault", () => {
  const results = { two: trainings("two", [1, 1]), one: trainings("one", [1]) };
  assert.throws(
    () => summarizeOverSeeds(results, { ...options, comparisons: [["two", "one"]] }),
    /two has 2 trainings, one 1/,
  );
  const shorter = [results.one[0].slice(1)];
  assert.throws(
    () => summarizeOverSeeds({ ...results, shorter }, options),
    /do not hold results of the same images/,
  );
});
