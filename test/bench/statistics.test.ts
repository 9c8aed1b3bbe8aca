import assert from "node:assert/strict";
import { test } from "node:test";
import { median, medianInterval, medianRatio, rankSumChances } from "../../bench/statistics.ts";
import { RandomStream } from "../../src/base/random.ts";

test("the median is the middle value, or the mean of the two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test("a median's interval takes the order statistics of the binomial tables", () => {
  const ranks = (n: number) => {
    const { low, high } = medianInterval(Array.from({ length: n }, (_, index) => index + 1));
    return [low, high];
  };
  // Two-sided sign test at 5%: the number of values outside each end, e.g. 0.039 with one of nine.
  assert.deepEqual(ranks(6), [1, 6]);
  assert.deepEqual(ranks(8), [1, 8]);
  assert.deepEqual(ranks(9), [2, 8]);
  assert.deepEqual(ranks(20), [6, 15]);
  assert.deepEqual(ranks(100), [40, 61]);
});

test("too few values have their range as interval", () => {
  assert.deepEqual(medianInterval([5, 7, 6]), { low: 5, high: 7 });
});

test("the distribution of U is Mann and Whitney's", () => {
  // Three against four: 35 arrangements, U from 0 to 12.
  const counts = [1, 1, 2, 3, 4, 4, 5, 4, 4, 3, 2, 1, 1];
  assert.deepEqual(
    Array.from(rankSumChances(3, 4), (chance) => Math.round(35 * chance)),
    counts,
  );
  assert.ok(Math.abs(rankSumChances(31, 17).reduce((sum, chance) => sum + chance, 0) - 1) < 1e-12);
});

test("the ratio of medians and its interval on a worked example", () => {
  // Quotients 2/1 3/1 4/1 2/2 3/2 4/2, sorted 1 1.5 2 2 3 4. Three against two values cannot give 99%: the range.
  assert.deepEqual(medianRatio([1, 2], [2, 3, 4]), { ratio: 2, low: 1, high: 4 });
  // Nine against nine: the table's critical value at 1% is 11, so that the twelfth quotient from each end is the bound.
  const base = Array.from({ length: 9 }, (_, index) => 2 ** index);
  const { ratio, low, high } = medianRatio(base, base);
  const quotients = base.flatMap((a) => base.map((b) => a / b)).sort((a, b) => a - b);
  assert.deepEqual([ratio, low, high], [1, quotients[11], quotients[69]]);
});

test("the ratio's interval holds the truth in 99% of cases", () => {
  const random = new RandomStream(1, "ratio");
  const sample = (scale: number) =>
    Array.from({ length: 9 }, () => scale * Math.exp(0.1 * random.nextNormal()));
  let held = 0;
  for (let trial = 0; trial < 1000; trial++) {
    const { low, high } = medianRatio(sample(1), sample(1.3));
    if (low <= 1.3 && 1.3 <= high) held++;
  }
  assert.ok(held >= 980, `${held} of 1000`);
});
