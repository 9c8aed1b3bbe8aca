import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agreementOf,
  exactInterval,
  holmAdjusted,
  meanOverRuns,
  wilsonInterval,
} from "../../src/evaluate/proportions.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface StatisticsGoldens {
  multiple_testing: { p: number[]; expected: { holm: number[] } }[];
  proportions: {
    successes: number;
    n: number;
    expected: { wilson95: number[]; wilson90: number[]; clopper_pearson95: number[] };
  }[];
  paired_2x2: {
    both_right: number;
    only_a_right: number;
    only_b_right: number;
    both_wrong: number;
    expected: {
      mcnemar: Record<"chi2" | "p" | "p_exact", number | "NaN">;
      yule_q: number | "NaN";
      disagreement: number;
      kappa: number | "NaN";
    };
  }[];
  mean_ci_t: { x: number[]; expected: { mean: number; sd: number; ci95: number[] } }[];
}

const { multiple_testing, proportions, paired_2x2, mean_ci_t } = golden<StatisticsGoldens>("stats");
/** jStat inverts Student's and the beta distribution to about 1e-9. */
const inverted = { absolute: 1e-8, relative: 1e-8 };

test("Holm's adjusted p-values agree with R", () => {
  for (const { p, expected } of multiple_testing)
    assertClose(holmAdjusted(p), expected.holm, tolerance, `${p}`);
});

test("intervals of shares agree with R", () => {
  for (const { successes, n, expected } of proportions) {
    const name = `${successes} of ${n}`;
    const limits = ({ low, high }: { low: number; high: number }) => [low, high];
    assertClose(limits(wilsonInterval(successes, n)), expected.wilson95, tolerance, name);
    assertClose(limits(wilsonInterval(successes, n, 0.9)), expected.wilson90, tolerance, name);
    assertClose(limits(exactInterval(successes, n)), expected.clopper_pearson95, inverted, name);
  }
});

test("agreement and McNemar's tests agree with R", () => {
  for (const { both_right, only_a_right, only_b_right, both_wrong, expected } of paired_2x2) {
    const agreement = agreementOf({
      bothRight: both_right,
      onlyFirst: only_a_right,
      onlySecond: only_b_right,
      bothWrong: both_wrong,
    });
    const { mcnemar } = expected;
    const pairs: [number, number | "NaN"][] = [
      [agreement.disagreement, expected.disagreement],
      [agreement.yuleQ, expected.yule_q],
      [agreement.kappa, expected.kappa],
      [agreement.exactP, mcnemar.p_exact],
      [agreement.chiSquared, mcnemar.chi2],
      [agreement.chiSquaredP, mcnemar.p],
    ];
    for (const [actual, wanted] of pairs)
      if (wanted === "NaN") assert.ok(Number.isNaN(actual));
      else assertClose([actual], [wanted], tolerance, `${both_right} ${only_a_right} ${only_b_right}`);
  }
});

test("a union is what either gets right", () => {
  assert.equal(agreementOf({ bothRight: 4, onlyFirst: 3, onlySecond: 2, bothWrong: 1 }).union, 0.9);
});

test("means over runs and Student's intervals agree with R", () => {
  for (const { x, expected } of mean_ci_t) {
    const { mean, deviation, low, high } = meanOverRuns(x);
    assertClose([mean, deviation], [expected.mean, expected.sd], tolerance, "mean");
    assertClose([low, high], expected.ci95, inverted, "interval");
  }
  assert.ok(Number.isNaN(meanOverRuns([1]).low));
});
