import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImageResult, iouRule } from "../../src/evaluate/detection.ts";
import { frocCurve, lesionScores, thresholdAt } from "../../src/evaluate/froc.ts";
import { foundAt, subgroupsOf } from "../../src/evaluate/subgroups.ts";

const box = [0, 0, 10, 10] as const;
const away = [50, 50, 60, 60] as const;

/** One image a patient: its lesion's score, absent when it is not found, and the score of a false positive. */
const image = (patient: number, lesion: number | undefined, false_: number): ImageResult => ({
  patient: `p${patient}`,
  annotations: [{ box, label: 1 }],
  detections: [
    ...(lesion === undefined ? [] : [{ box, label: 1, score: lesion }]),
    { box: away, label: 1, score: false_ },
  ],
});

const rule = iouRule(0.5);
const options = { seed: 1, resamples: 200, rule, rate: 0.5, comparisons: [["a", "b"]] as [string, string][] };

test("a threshold keeps the rate, and a lesion is found when its best score reaches it", () => {
  const results = [image(1, 0.9, 0.1), image(2, 0.6, 0.8), image(3, 0.3, 0.7), image(4, undefined, 0.2)];
  const curve = frocCurve(results, rule);
  // At half a false positive an image two may count, 0.8 and 0.7, so that lesions count down to 0.3.
  assert.equal(thresholdAt(curve, 0.5), 0.3);
  assert.deepEqual(foundAt(results, rule, 0.5), [[true], [true], [true], [false]]);
  assert.deepEqual(foundAt(results, rule, 0.25), [[true], [false], [false], [false]]);
  const twice = { ...results[0], detections: [...results[0].detections, { box, label: 1, score: 0.95 }] };
  assert.deepEqual(lesionScores(twice, rule), [0.95]);
  assert.deepEqual(lesionScores(results[3], rule), [Number.NEGATIVE_INFINITY]);
});

test("groups hold their own lesions' shares, the models' difference, and whether they are small", () => {
  const count = 40;
  const facts = Array.from({ length: count }, (_, i) => [
    { type: i < 30 ? "mass" : "calc", size: i < 4 ? "10 mm" : "2 mm" },
  ]);
  const a = facts.map((_, i) => image(i, i < 30 ? 0.9 : undefined, 0.1));
  const b = facts.map((_, i) => image(i, i % 2 ? 0.9 : undefined, 0.1));
  const groups = subgroupsOf({ a, b }, facts, options);
  assert.deepEqual(
    groups.map(({ dimension, value, lesions, isSmall }) => [dimension, value, lesions, isSmall]),
    [
      ["type", "calc", 10, false],
      ["type", "mass", 30, false],
      ["size", "2 mm", 36, false],
      ["size", "10 mm", 4, true],
    ],
  );
  const [calc, mass] = groups;
  assert.deepEqual([calc.sensitivity.a.value, calc.sensitivity.b.value], [0, 0.5]);
  assert.deepEqual([mass.sensitivity.a.value, mass.sensitivity.b.value], [1, 0.5]);
  assert.equal(mass.differences["a - b"].value, 0.5);
  const { low, high } = mass.differences["a - b"];
  // A binomial share of 30 has a standard deviation of 0.09.
  assert.ok(low > 0.28 && low < 0.42 && high > 0.58 && high < 0.72, `${low} to ${high}`);
  assert.deepEqual([mass.sensitivity.a.low, mass.sensitivity.a.high], [1, 1]);
});

test("facts of more or fewer lesions than an image has are our own fault", () => {
  assert.throws(
    () => subgroupsOf({ a: [image(1, 0.9, 0.1)] }, [[]], { ...options, comparisons: [] }),
    /a, image 0: 1 lesions and facts of 0/,
  );
});
