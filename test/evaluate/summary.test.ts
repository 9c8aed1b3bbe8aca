import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import { averagePrecision } from "../../src/evaluate/averagePrecision.ts";
import { bootstrap, patientResamples, percentileInterval } from "../../src/evaluate/bootstrap.ts";
import { hasLesion, type ImageResult, imageScore, iouRule } from "../../src/evaluate/detection.ts";
import { frocCurve, sensitivityAt } from "../../src/evaluate/froc.ts";
import { areaUnderRoc, prepareAreaUnderRoc } from "../../src/evaluate/roc.ts";
import { type Figures, type Summary, summarizeModels } from "../../src/evaluate/summary.ts";
import { renderSummary } from "../../src/evaluate/summaryTable.ts";
import { assertClose } from "../helpers/compare.ts";
import { tolerance } from "./goldens.ts";

/**
 * Two images a patient, every second patient with a lesion in one of them. Models of a seed share lesions and false
 * positives; a model finds the lesions whose difficulty is below its skill.
 */
function simulate(skill: number, patientCount = 40): ImageResult[] {
  const stream = new RandomStream(4, "images");
  const place = (): Box => {
    const [y, x] = [stream.nextInteger(90), stream.nextInteger(90)];
    return [y, x, y + 10, x + 10];
  };
  return Array.from({ length: 2 * patientCount }, (_, image) => {
    const box = place();
    const difficulty = stream.nextUniform();
    const score = 0.4 + 0.6 * stream.nextUniform();
    const label = 1 + stream.nextInteger(2);
    const annotations = image % 4 === 0 ? [{ box, label }] : [];
    const found = annotations.filter(() => difficulty < skill).map((lesion) => ({ ...lesion, score }));
    const detections = Array.from({ length: 6 }, () => ({
      box: place(),
      label: 1 + stream.nextInteger(2),
      score: stream.nextUniform() ** 3,
    }));
    return { patient: `p${Math.floor(image / 2)}`, annotations, detections: [...found, ...detections] };
  });
}

const results = { model_sm: simulate(0.5), fused: simulate(0.8), twin_sm: simulate(0.5) };
const options = {
  seed: 9,
  resamples: 400,
  differences: [
    ["fused", "model_sm"],
    ["twin_sm", "model_sm"],
  ],
} as const;
const summary = summarizeModels(results, options);

const estimates = ({ auc, ap, froc }: Figures) => [
  auc,
  ...Object.values(ap),
  ...froc.map(({ sensitivity, low, high }) => ({ value: sensitivity, low, high })),
];

test("each model's figures are those of the single functions, inside their intervals", () => {
  for (const [name, images] of Object.entries(results)) {
    const figures = summary.models[name];
    const auc = areaUnderRoc(images.map(hasLesion), images.map(imageScore));
    assert.equal(figures.auc.value, auc);
    for (const threshold of ["0.1", "0.5"])
      assert.equal(figures.ap[threshold].value, averagePrecision(images, iouRule(Number(threshold))));
    assert.deepEqual(
      figures.froc.map(({ sensitivity }) => sensitivity),
      sensitivityAt(frocCurve(images, iouRule(0.1)), [0.25, 0.5, 1, 2, 4]),
    );
    for (const { value, low, high } of estimates(figures))
      assert.ok(low <= value && value <= high && low < high, `${name}: ${low} ${value} ${high}`);
  }
});

test("intervals and differences come from the same resamples of patients", () => {
  const patients = results.fused.map(({ patient }) => patient);
  const lesions = results.fused.map(hasLesion);
  const [fused, single] = [results.fused, results.model_sm].map((images) =>
    prepareAreaUnderRoc(lesions, images.map(imageScore)),
  );
  const resamples = patientResamples({ patients, hasLesion: lesions, resamples: 400, seed: 9 });
  const [aucs, differences] = bootstrap(resamples, (weights) => [
    fused(weights),
    fused(weights) - single(weights),
  ]).map(percentileInterval);
  const { value, ...interval } = summary.models.fused.auc;
  assert.deepEqual(interval, aucs);
  const difference = summary.differences["fused - model_sm"];
  assert.deepEqual(
    { low: difference.auc.low, high: difference.auc.high },
    { low: differences.low, high: differences.high },
  );
  const [minuends, subtrahends] = [summary.models.fused, summary.models.model_sm].map(estimates);
  assertClose(
    estimates(difference).map((estimate) => estimate.value),
    minuends.map((minuend, index) => minuend.value - subtrahends[index].value),
    tolerance,
    "differences",
  );
  assert.ok(difference.auc.high - difference.auc.low < interval.high - interval.low, "pairing narrows");
});

test("equal models differ by nothing, with intervals of no width", () => {
  for (const estimate of estimates(summary.differences["twin_sm - model_sm"]))
    assert.deepEqual(estimate, { value: 0, low: 0, high: 0 });
});

test("a seed fixes the summary, and the settings reach it", () => {
  assert.deepEqual(summarizeModels(results, options), summary);
  assert.notDeepEqual(summarizeModels(results, { ...options, seed: 10 }).models, summary.models);
  const other = summarizeModels(results, {
    seed: 1,
    resamples: 10,
    apThresholds: [0.3],
    frocRates: [4],
    frocRule: iouRule(0.7),
  });
  assert.deepEqual(Object.keys(other.models.fused.ap), ["0.3"]);
  assert.equal(other.models.fused.froc[0].falsePositivesPerImage, 4);
  assert.deepEqual(other.method, {
    patients: 40,
    images: 80,
    imagesWithLesion: 20,
    resamples: 10,
    frocRule: "IoU >= 0.7",
  });
});

test("models of other images, and differences of models that are not there, are refused", () => {
  const reversed = { ...results, fused: [...results.fused].reverse() };
  assert.throws(
    () => summarizeModels(reversed, options),
    /fused and model_sm do not hold results of the same/,
  );
  const fewer = { ...results, fused: results.fused.slice(1) };
  assert.throws(() => summarizeModels(fewer, options), /same images/);
  const missing = { ...options, differences: [["fused", "base_ub"]] as const };
  assert.throws(() => summarizeModels(results, missing), /no results of base_ub/);
});

test("what is not defined is NaN in the summary, null in JSON and n/a in the table", () => {
  const normal = results.fused.filter((image) => !hasLesion(image));
  const empty = summarizeModels({ fused: normal }, { seed: 1, resamples: 5 });
  for (const estimate of estimates(empty.models.fused))
    assert.deepEqual(estimate, { value: NaN, low: NaN, high: NaN });
  assert.match(JSON.stringify(empty.models.fused.auc), /^{"value":null,"low":null,"high":null}$/);
  assert.match(renderSummary(empty), /^fused +n\/a +n\/a +n\/a$/m);
});

test("the table is aligned and 120 columns wide at most, with the longest names and figures", () => {
  const wide = (value: number) => ({ value, low: value - 0.1, high: value + 0.05 });
  const figures = (value: number): Figures => ({
    auc: wide(value),
    ap: { "0.1": wide(value), "0.5": wide(value) },
    froc: [0.25, 0.5, 1, 2, 4].map((falsePositivesPerImage) => {
      const { value: sensitivity, ...interval } = wide(value);
      return { falsePositivesPerImage, sensitivity, ...interval };
    }),
  });
  const method = {
    patients: 123,
    images: 4567,
    imagesWithLesion: 890,
    resamples: 2000,
    frocRule: "IoU >= 0.1",
  };
  const full: Summary = {
    method,
    models: { model_sm: figures(0.5), base_ub: figures(0.95) },
    differences: { "model_ffdm - base_ub": figures(-0.45) },
  };
  const lines = renderSummary(full).split("\n");
  for (const line of lines) assert.ok(line.length <= 120, `${line.length} columns: ${line}`);
  assert.deepEqual(
    lines.filter((line) => /^(model_sm|base_ub|model_ffdm - base_ub) /.test(line)).slice(0, 3),
    [
      "model_sm                 0.500 [0.400, 0.550]     0.500 [0.400, 0.550]     0.500 [0.400, 0.550]",
      "base_ub                  0.950 [0.850, 1.000]     0.950 [0.850, 1.000]     0.950 [0.850, 1.000]",
      "model_ffdm - base_ub  -0.450 [-0.550, -0.400]  -0.450 [-0.550, -0.400]  -0.450 [-0.550, -0.400]",
    ],
  );
});
