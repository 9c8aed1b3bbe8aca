import assert from "node:assert/strict";
import { test } from "node:test";
import { crossValidatedR2, debiasedCka, linearCka, ridgeR2 } from "../../src/evaluate/representation.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface RepresentationGolden {
  name: string;
  /** [samples][features] */
  X: number[][];
  Y: number[][];
  expected: {
    linear_cka: number;
    linear_cka_debiased: number | "NaN";
    n_test?: number;
    ridge_full?: { lam: number; train: { r2_pooled: number } }[];
    ridge_split?: { lam: number; test: { r2_pooled: number } }[];
    ridge_cv5_contiguous_r2_pooled?: { lam: number; r2: number }[];
  };
}

for (const { name, X, Y, expected } of golden<RepresentationGolden[]>("similarity"))
  test(`alignment and ridge agree with exact fractions and scikit-learn: ${name}`, () => {
    // Large means cost digits of the inputs themselves.
    const allowed = name.includes("large_offset") ? { absolute: 1e-8, relative: 1e-8 } : tolerance;
    assertClose([linearCka(X, Y)], [expected.linear_cka], allowed, "CKA");
    assertClose([debiasedCka(X, Y)], [Number(expected.linear_cka_debiased)], allowed, "debiased CKA");
    for (const { lam, train } of expected.ridge_full ?? [])
      assertClose([ridgeR2({ x: X, y: Y }, { x: X, y: Y }, lam)], [train.r2_pooled], allowed, `full ${lam}`);
    const split = X.length - (expected.n_test ?? 0);
    const part = (start: number, end: number) => ({ x: X.slice(start, end), y: Y.slice(start, end) });
    for (const { lam, test: held } of expected.ridge_split ?? [])
      assertClose(
        [ridgeR2(part(0, split), part(split, X.length), lam)],
        [held.r2_pooled],
        allowed,
        `split ${lam}`,
      );
    for (const { lam, r2 } of expected.ridge_cv5_contiguous_r2_pooled ?? [])
      assertClose([crossValidatedR2(X, Y, lam)], [r2], allowed, `folds ${lam}`);
  });

test("samples that do not correspond are refused", () => {
  const row = [1, 2];
  assert.throws(() => linearCka([row], [row, row]), /1 and 2 samples/);
  assert.throws(() => debiasedCka([row, row, row], [row, row, row]), /needs 4 samples/);
});
