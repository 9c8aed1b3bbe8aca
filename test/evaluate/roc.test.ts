import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { areaUnderRoc, prepareAreaUnderRoc, rocCurve } from "../../src/evaluate/roc.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface RocGoldens {
  single: {
    name: string;
    labels: number[];
    scores: number[];
    auc: number;
    curve: { fpr: number[]; tpr: number[] } | null;
  }[];
  paired: {
    name: string;
    labels: number[];
    scores_a: number[];
    scores_b: number[];
    auc_a: number;
    auc_b: number;
  }[];
}

const { single, paired } = golden<RocGoldens>("roc");

for (const { name, labels, scores, auc, curve } of single)
  test(`AUC and curve agree with pROC and scikit-learn: ${name}`, () => {
    assertClose([areaUnderRoc(labels, scores)], [auc], tolerance, "auc");
    if (!curve) return;
    const points = rocCurve(labels, scores);
    assertClose(
      points.map(({ falsePositiveRate }) => falsePositiveRate),
      curve.fpr,
      tolerance,
      "false positive rate",
    );
    assertClose(
      points.map(({ truePositiveRate }) => truePositiveRate),
      curve.tpr,
      tolerance,
      "true positive rate",
    );
  });

for (const { name, labels, scores_a, scores_b, auc_a, auc_b } of paired)
  test(`AUCs of a pair agree with pROC: ${name}`, () =>
    assertClose(
      [areaUnderRoc(labels, scores_a), areaUnderRoc(labels, scores_b)],
      [auc_a, auc_b],
      tolerance,
      "auc",
    ));

test("without one of the classes there is no AUC, and a score that is NaN is an error", () => {
  assert.equal(areaUnderRoc([1, 1], [0.1, 0.2]), NaN);
  assert.equal(areaUnderRoc([0, 0], [0.1, 0.2]), NaN);
  assert.equal(areaUnderRoc([], []), NaN);
  assert.throws(() => areaUnderRoc([0, 1], [0.1, NaN]), /score 1 of 2 is NaN/);
});

/** Labels with both classes, and scores on a coarse grid, so that ties are frequent. */
const cases = fc
  .array(fc.record({ label: fc.boolean(), score: fc.integer({ min: -8, max: 8 }) }), {
    minLength: 2,
    maxLength: 40,
  })
  .filter((rows) => new Set(rows.map(({ label }) => label)).size === 2)
  .map((rows) => ({ labels: rows.map(({ label }) => label), scores: rows.map(({ score }) => score) }));

test("AUC is unchanged by an increasing map and turned round by a decreasing one", () =>
  fc.assert(
    fc.property(cases, ({ labels, scores }) => {
      const auc = areaUnderRoc(labels, scores);
      const increasing = scores.map((score) => Math.exp(score) + 3 * score);
      assert.equal(areaUnderRoc(labels, increasing), auc);
      const decreasing = scores.map((score) => 7 - 2 * score);
      assertClose([areaUnderRoc(labels, decreasing)], [1 - auc], tolerance, "auc");
    }),
  ));

test("AUC is the area under the points of the curve", () =>
  fc.assert(
    fc.property(cases, ({ labels, scores }) => {
      const points = rocCurve(labels, scores);
      const area = points.slice(1).reduce((sum, point, index) => {
        const previous = points[index];
        const height = (point.truePositiveRate + previous.truePositiveRate) / 2;
        return sum + height * (point.falsePositiveRate - previous.falsePositiveRate);
      }, 0);
      assertClose([area], [areaUnderRoc(labels, scores)], tolerance, "area");
    }),
  ));

test("a case of weight n counts as n copies of it", () =>
  fc.assert(
    fc.property(cases, fc.infiniteStream(fc.nat(3)), ({ labels, scores }, counts) => {
      const weights = Float64Array.from(labels, () => counts.next().value);
      const copies = labels.flatMap((_, index) => new Array<number>(weights[index]).fill(index));
      assert.equal(
        prepareAreaUnderRoc(labels, scores)(weights),
        areaUnderRoc(
          copies.map((index) => labels[index]),
          copies.map((index) => scores[index]),
        ),
      );
    }),
  ));
