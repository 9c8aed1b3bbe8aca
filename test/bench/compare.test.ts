import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compareResults, readResult, regressions } from "../../bench/compare.ts";
import { renderComparison } from "../../bench/render.ts";
import { type BenchResult, type Measurement, type Row, resultFormat } from "../../bench/result.ts";
import { median, medianInterval } from "../../bench/statistics.ts";
import { UserError } from "../../src/base/errors.ts";
import { RandomStream } from "../../src/base/random.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-compare-"));
after(() => rmSync(folder, { recursive: true }));

function measurement(rounds: number[]): Measurement {
  return { median: median(rounds), ...medianInterval(rounds), spread: 0, samples: 9, rounds, stop: "time" };
}

/** A result whose rows take 1000, 1001, … ns with 3% of noise, times the factor of their index. */
function simulate(
  run: string,
  rows: number,
  factor: (index: number) => number,
  machine = 1,
  floor = 20,
): BenchResult {
  const random = new RandomStream(1, run);
  const noisy = (mean: number) =>
    Array.from({ length: 9 }, () => machine * mean * Math.exp(0.03 * random.nextNormal()));
  const simulated = Array.from({ length: rows }, (_, index): Row => {
    const hot = measurement(noisy((1000 + index) * factor(index)));
    const fraction = { ceiling: "memory", hot: 1, cold: 1 } as const;
    const times = { repeats: 1, floor: measurement(noisy(floor)), hot, cold: hot, wall: hot };
    return {
      key: `copy/plain length=${index}`,
      kernel: "copy",
      variant: "plain",
      parameters: { length: index },
      chosen: true,
      origin: "command line",
      count: 1,
      flops: 0,
      bytesRead: 4 * index,
      bytesWritten: 4 * index,
      workgroups: [1, 1, 1],
      correctness: {
        right: true,
        maxError: 0,
        toleranceShare: 0,
        tolerance: { absolute: 0, relative: 0 },
        checked: "shape",
      },
      timing: { ...times, gflops: 0, gigabytesPerSecond: 1, fraction },
    };
  });
  return {
    format: resultFormat,
    environment: {
      adapter: "simulated",
      kind: "software",
      driver: "",
      dawn: "",
      processor: "",
      cores: 1,
      platform: "",
      node: "",
      commit: "",
      date: "",
      timerQuantum: 1,
    },
    method: { words: "", spread: 0.01, seconds: 1, rounds: 9, flushBytes: 0 },
    ceilings: {
      copyBytesPerSecond: 1e9,
      flopsPerSecond: 1e9,
      copyRounds: noisy(5e6),
      flopsRounds: noisy(4e6),
      words: "",
    },
    rows: simulated,
  };
}

test("two runs of one build are within noise in at least 95% of rows", () => {
  const { rows } = compareResults(
    simulate("first", 400, () => 1),
    simulate("second", 400, () => 1),
  );
  const within = rows.filter(({ verdict }) => verdict === "within noise").length;
  assert.ok(within >= 380, `${within} of 400`);
});

test("planted changes of 30% are found with their sign, and nothing else is a regression", () => {
  const planted = new Map([
    [7, 1.3],
    [42, 1 / 1.3],
  ]);
  const after = simulate("second", 100, (index) => planted.get(index) ?? 1);
  const comparison = compareResults(
    simulate("first", 100, () => 1),
    after,
  );
  const [slower, faster] = [comparison.rows[7], comparison.rows[42]];
  assert.deepEqual([slower.verdict, faster.verdict], ["slower", "faster"]);
  assert.ok(slower.low < 1.3 && 1.3 < slower.high, `[${slower.low}, ${slower.high}]`);
  assert.deepEqual(regressions(comparison, 1.1), [slower]);
  assert.deepEqual(regressions(comparison, 1.5), []);
  assert.match(renderComparison(comparison), /\n +1007|slower +copy\/plain length=7\n/);
});

test("a machine that is slower as a whole is no regression, a kernel that is slower still is", () => {
  const after = simulate("second", 100, (index) => (index === 7 ? 1.5 : 1), 1.2);
  const comparison = compareResults(
    simulate("first", 100, () => 1),
    after,
  );
  assert.ok(comparison.drift > 0.1 && comparison.drift < 0.25, `drift ${comparison.drift}`);
  assert.deepEqual(
    regressions(comparison, 1.1).map(({ key }) => key),
    ["copy/plain length=7"],
  );
});

test("rows near the floor of their dispatch are not blamed for a floor that moved", () => {
  const before = simulate("first", 100, () => 1, 1, 900);
  const comparison = compareResults(
    before,
    simulate("second", 100, (index) => (index === 7 ? 2 : 1.25), 1, 1150),
  );
  assert.ok(Math.abs(comparison.dispatchRatio - 1.28) < 0.05, `ratio ${comparison.dispatchRatio}`);
  assert.deepEqual(
    regressions(comparison, 1.1).map(({ key }) => key),
    ["copy/plain length=7"],
  );
});

test("rows that only one result has are named, not compared", () => {
  const comparison = compareResults(
    simulate("first", 3, () => 1),
    simulate("second", 2, () => 1),
  );
  assert.equal(comparison.rows.length, 2);
  assert.deepEqual(comparison.onlyBefore, ["copy/plain length=2"]);
  assert.match(renderComparison(comparison), /only in the old one: 1 rows, such as copy\/plain length=2$/);
});

test("a file that is no result is refused by name", () => {
  const path = join(folder, "other.json");
  const refused = (message: RegExp) =>
    assert.throws(
      () => readResult(path),
      (error: Error) => error instanceof UserError && message.test(error.message),
    );
  refused(/other\.json: cannot be read as JSON/);
  writeFileSync(path, "null");
  refused(/other\.json: not a result of diptych bench/);
});
