import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import {
  compareFeatures,
  compareImages,
  compareLesions,
  permuted,
  probeAuc,
  sideBySide,
} from "../../src/evaluate/complementarity.ts";
import { type ImageResult, iouRule } from "../../src/evaluate/detection.ts";

const box = [0, 0, 10, 10] as const;

const imageOf = (lesion: boolean, score: number, found = lesion): ImageResult => ({
  patient: "p",
  annotations: lesion ? [{ box, label: 1 }] : [],
  detections: [{ box: found ? box : [50, 50, 60, 60], label: 1, score }],
});

test("lesions are counted by who finds them, at one rate of false positives each", () => {
  const [first, second] = [
    [true, true, true, false, false],
    [true, false, false, true, false],
  ].map((hits) => hits.map((hit) => imageOf(true, hit ? 0.9 : 0.1, hit)));
  const { table, agreement } = compareLesions(first, second, iouRule(0.5), 0);
  assert.deepEqual(table, { bothRight: 1, onlyFirst: 2, onlySecond: 1, bothWrong: 1 });
  assert.equal(agreement.union, 0.8);
});

test("images are right when a lesion scores above, and none below, the threshold of a share of false alarms", () => {
  const negatives = [0.1, 0.2, 0.3, 0.4, 0.5];
  const first = [
    ...negatives.map((score) => imageOf(false, score)),
    imageOf(true, 0.45),
    imageOf(true, 0.35),
  ];
  const second = [
    ...negatives.map((score) => imageOf(false, score)),
    imageOf(true, 0.35),
    imageOf(true, 0.45),
  ];
  // One false alarm of five: the threshold is 0.4, and 0.5 is wrong on both.
  const { table } = compareImages(first, second, 0.2);
  assert.deepEqual(table, { bothRight: 4, onlyFirst: 1, onlySecond: 1, bothWrong: 1 });
});

/** Samples of `size` independent features. */
const noise = (name: string, samples: number, size: number): Float64Array[] => {
  const stream = new RandomStream(1, name);
  return Array.from({ length: samples }, () =>
    Float64Array.from({ length: size }, () => stream.nextNormal()),
  );
};
const split = (name: string, size = 4) => ({
  fit: noise(`${name} fit`, 200, size),
  judge: noise(`${name} judge`, 100, size),
});

test("a linear map of features is found whole, unrelated ones not at all, and a shuffled order breaks it", () => {
  const x = split("x");
  const map = (rows: readonly Float64Array[]) =>
    rows.map(([a, b, c, d]) => Float64Array.of(a + b, 3 * c - d, a - b));
  const y = { fit: map(x.fit), judge: map(x.judge) };
  const related = compareFeatures(x, y);
  assert.ok(related.r2 > 0.99, `${related.r2}`);
  const unrelated = compareFeatures(split("z"), y);
  assert.ok(
    Math.abs(unrelated.r2) < 0.15 && Math.abs(unrelated.debiasedCka) < 0.1,
    JSON.stringify(unrelated),
  );
  const stream = new RandomStream(2, "order");
  const shuffled = compareFeatures(
    x,
    permuted(y, (count) => stream.nextPermutation(count)),
  );
  assert.ok(Math.abs(shuffled.r2) < 0.15, `${shuffled.r2}`);
  // Half of y's variation is in each half of x, all of it in both.
  const halves = [
    { fit: x.fit.map((row) => row.slice(0, 2)), judge: x.judge.map((row) => row.slice(0, 2)) },
    { fit: x.fit.map((row) => row.slice(2)), judge: x.judge.map((row) => row.slice(2)) },
  ];
  assert.ok(compareFeatures(halves[0], y).r2 < 0.8);
  assert.ok(compareFeatures(sideBySide(halves), y).r2 > 0.99);
});

test("a probe finds what is linear in the features, and nothing in noise", () => {
  const x = split("probe");
  const label = (rows: readonly Float64Array[]) => rows.map(([a, b]) => a + 2 * b > 0);
  const lesions = { fit: label(x.fit), judge: label(x.judge) };
  assert.ok(probeAuc(x, lesions) > 0.97);
  assert.ok(Math.abs(probeAuc(split("other"), lesions) - 0.5) < 0.15);
});
