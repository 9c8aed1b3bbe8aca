import assert from "node:assert/strict";
import { test } from "node:test";
import { delongArea, delongTest } from "../../src/evaluate/delong.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface DelongGoldens {
  single: {
    name: string;
    labels: number[];
    scores: number[];
    auc: number;
    pROC: { var: number | "NaN"; ci95: (number | "NaN")[]; ci90: (number | "NaN")[] };
  }[];
  paired: {
    name: string;
    labels: number[];
    scores_a: number[];
    scores_b: number[];
    pROC: Record<"auc_a" | "auc_b" | "var_a" | "var_b" | "cov_ab" | "z" | "p", number> & {
      diff_ci95: number[];
    };
  }[];
}

const { single, paired } = golden<DelongGoldens>("roc");

for (const { name, labels, scores, auc, pROC } of single)
  test(`variance and intervals agree with pROC: ${name}`, () => {
    for (const [confidence, interval] of [
      [0.95, pROC.ci95],
      [0.9, pROC.ci90],
    ] as const) {
      const { value, variance, low, high } = delongArea(labels, scores, confidence);
      assertClose([value], [auc], tolerance, "area");
      if (pROC.var === "NaN") return assert.ok(Number.isNaN(variance) && Number.isNaN(low + high));
      assertClose([variance, low, high], [pROC.var, ...interval.map(Number)], tolerance, `${confidence}`);
    }
  });

for (const { name, labels, scores_a, scores_b, pROC } of paired)
  test(`the paired test agrees with pROC: ${name}`, () => {
    const { a, b, covariance, difference, z, p } = delongTest(labels, scores_a, scores_b);
    const { auc_a, auc_b, var_a, var_b, cov_ab, diff_ci95 } = pROC;
    assertClose(
      [a.value, b.value, a.variance, b.variance, covariance, difference.low, difference.high, p],
      [auc_a, auc_b, var_a, var_b, cov_ab, ...diff_ci95, pROC.p],
      tolerance,
      "areas, variances, interval and p",
    );
    assertClose([z], [pROC.z], { absolute: 1e-10, relative: 1e-8 }, "z");
  });
