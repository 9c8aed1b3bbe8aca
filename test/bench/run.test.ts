import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readResult } from "../../bench/compare.ts";
import type { BenchResult } from "../../bench/result.ts";
import { runBench } from "../../bench/run.ts";
import { parseShape, wantedVariants } from "../../bench/suites.ts";
import type { Kernel } from "../../kernels/kernel.ts";
import { messages, runCli } from "../helpers/cli.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const folder = mkdtempSync(join(tmpdir(), "diptych-bench-"));
after(() => rmSync(folder, { recursive: true }));

const silent = { note() {}, warn() {}, progress: () => ({ update() {}, stop() {} }) };
const options = { spread: 0.01, seconds: 0.2, rounds: 6 };

test("a wrong kernel is refused timing, a right one beside it is not", async () => {
  const right = parseShape("copy", "length=1021");
  const wrong: Kernel = {
    ...right.kernel,
    name: "wrong",
    reference(parameters, buffers) {
      right.kernel.reference(parameters, buffers);
      buffers.y[1020] += 0.001;
    },
  };
  const wanted = wantedVariants([{ ...right, kernel: wrong }, right], false, engine.current.traits);
  const { liveBytes } = engine.current;
  const { rows } = await runBench(engine.current, wanted, options, silent);
  assert.equal(engine.current.liveBytes, liveBytes, "buffers were not given back");
  assert.deepEqual(
    rows.map(({ kernel, correctness, timing }) => [kernel, correctness.right, timing !== undefined]),
    [
      ["wrong", false, false],
      ["copy", true, true],
    ],
  );
  assert.ok(Math.abs(rows[0].correctness.maxError - 0.001) < 1e-6);
});

test("more work takes longer, and times are above the floor of an empty kernel", async () => {
  const shapes = ["length=65536,rounds=4", "length=65536,rounds=512"].map((shape) =>
    parseShape("multiplyAdd", shape),
  );
  const { rows, ceilings } = await runBench(
    engine.current,
    wantedVariants(shapes, false, engine.current.traits),
    options,
    silent,
  );
  const [small, large] = rows.map(({ timing }) => timing!);
  assert.ok(large.hot.median > 3 * small.hot.median, `${large.hot.median} against ${small.hot.median} ns`);
  for (const { hot, cold, wall, floor } of [small, large]) {
    // The best rounds, here and below, because a busy machine spoils medians.
    assert.ok(Math.min(...floor.rounds) < Math.min(...hot.rounds));
    for (const { low, median, high, rounds, samples } of [hot, cold, wall]) {
      assert.ok(low <= median && median <= high && low > 0);
      assert.ok(rounds.length >= options.rounds && samples >= rounds.length);
    }
    assert.ok(wall.median > floor.median);
  }
  assert.equal(large.fraction.ceiling, "compute");
  // The ceiling may have been spoilt, too; a fault of units would miss it by far.
  const best = rows[1].flops / Math.min(...large.hot.rounds) / (ceilings.flopsPerSecond / 1e9);
  assert.ok(best > 0.2 && best < 3, `${best} of the ceiling`);
  assert.ok(ceilings.copyBytesPerSecond > 1e8 && ceilings.flopsPerSecond > 1e8);
});

test("the command line benches two kernels, writes the result, and finds a planted regression", async () => {
  const json = join(folder, "a.json");
  const shared = ["bench", "--filter", "HuberLoss", "--seconds", "0.2", "--rounds", "6"];
  const first = await runCli([...shared, "--json", json], folder);
  assert.equal(first.code, 0, first.stderr);
  const result = readResult(json);
  assert.ok(result.rows.length >= 1);
  assert.ok(result.rows.every(({ timing }) => timing !== undefined));
  assert.match(first.stdout, /timer quantum \d+ ns; ceilings: copies [\d.]+ GB\/s, computes [\d.]+ GFLOP\/s/);
  assert.match(first.stdout, /huberLoss\/\w+ batch=4 /);
  // An old result in which everything took a hundredth of the time: everything has become slower.
  const planted = JSON.parse(readFileSync(json, "utf8")) as BenchResult;
  const old = {
    ...planted,
    rows: planted.rows.map((row) => ({
      ...row,
      timing: {
        ...row.timing!,
        hot: { ...row.timing!.hot, rounds: row.timing!.hot.rounds.map((time) => time / 100) },
      },
    })),
  };
  writeFileSync(json, JSON.stringify(old));
  const second = await runCli([...shared, "--compare", json], folder);
  assert.notEqual(second.code, 0);
  assert.match(second.stdout, /slower +huberLoss/);
  assert.deepEqual(messages(second), []);
});

for (const [args, message] of [
  ["--kernel copy", /^diptych: --kernel and --shape: give both/],
  ["--filter absent", /^diptych: --filter absent: no shape of suite nano contains it$/],
  ["--compare absent.json", /^diptych: absent\.json: cannot be read as JSON/],
  ["--rounds 5", /^error: option '--rounds <n>' argument '5' is invalid\. must be 6 or more\.$/],
  [
    "--suite d9",
    /^error: option '--suite <name>' argument 'd9' is invalid\. Allowed choices are nano, d0, phantom\.$/,
  ],
] as const)
  test(`refused in one line: diptych bench ${args}`, async () => {
    const finished = await runCli(["bench", ...args.split(" ")], folder);
    const lines = messages(finished);
    assert.equal(lines.length, 1, finished.stderr);
    assert.match(lines[0], message);
    assert.notEqual(finished.code, 0);
  });
