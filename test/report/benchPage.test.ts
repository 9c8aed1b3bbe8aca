import assert from "node:assert/strict";
import { test } from "node:test";
import { compareResults } from "../../bench/compare.ts";
import type { BenchResult, Measurement, Row } from "../../bench/result.ts";
import { benchPage } from "../../src/report/benchPage.ts";

const measurement = (median: number): Measurement => ({
  median,
  low: 0.99 * median,
  high: 1.01 * median,
  spread: 0.01,
  samples: 90,
  rounds: Array.from({ length: 9 }, (_, round) => median * (1 + 0.001 * (round - 4))),
  stop: "spread",
});

function row(kernel: string, microseconds: number, flops: number, chosen = true): Row {
  const hot = measurement(1000 * microseconds);
  return {
    key: `${kernel}/plain length=8`,
    kernel,
    variant: "plain",
    parameters: { length: 8 },
    chosen,
    origin: "nano training",
    count: 2,
    flops,
    bytesRead: 5e5,
    bytesWritten: 5e5,
    workgroups: [1, 1, 1],
    correctness: {
      right: true,
      maxError: 0,
      toleranceShare: 0,
      tolerance: { absolute: 1e-5, relative: 1e-5 },
      checked: "shape",
    },
    timing: {
      repeats: 1,
      floor: measurement(1000),
      hot,
      cold: measurement(2 * hot.median),
      wall: measurement(3 * hot.median),
      gflops: flops / hot.median,
      gigabytesPerSecond: 1e6 / hot.median,
      fraction: { ceiling: "memory", hot: 0.5, cold: 0.25 },
    },
  };
}

const rounds = Array<number>(9).fill(1e6);

const result = (rows: readonly Row[]): BenchResult => ({
  format: "diptych-bench/1",
  environment: {
    adapter: "an <adapter>",
    kind: "software",
    driver: "driver",
    dawn: "1",
    processor: "processor",
    cores: 2,
    platform: "linux x64",
    node: "v20",
    commit: "abc",
    date: "2026-01-01T00:00:00.000Z",
    timerQuantum: 1,
  },
  method: { words: "How it is measured.", spread: 0.01, seconds: 1, rounds: 9, flushBytes: 1 },
  ceilings: {
    copyBytesPerSecond: 4e9,
    flopsPerSecond: 8e9,
    copyRounds: rounds,
    flopsRounds: rounds,
    words: "What the ceilings are.",
  },
  rows,
});

const titles = (html: string) => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);

test("a result's page has the roofline and its timed rows, those first that weigh most", async () => {
  const { timing: _, ...untimed } = row("broken", 1, 1e6);
  const wrong: Row = { ...untimed, correctness: { ...untimed.correctness, right: false, maxError: 0.25 } };
  const html = await benchPage(result([row("light", 100, 1e5), row("heavy", 900, 1e6), wrong]));
  assert.deepEqual(titles(html), ["Wrong, and therefore not timed", "Roofline", "Rows", "Method"]);
  assert.ok(html.includes("an &lt;adapter&gt;") && html.includes("How it is measured."));
  const [, rows] = /<h2>Rows.*?<tbody>(.*?)<\/tbody>/s.exec(html)!;
  assert.deepEqual(
    [...rows.matchAll(/<tr><td class="word">(.*?)</g)].map(([, name]) => name),
    ["heavy/plain", "light/plain"],
  );
  assert.ok(rows.includes("900 ± 1.0%") && rows.includes("length 8"));
  assert.match(html, /broken\/plain length=8<\/td><td data-value="0\.25">/);
  assert.match(html, /aria-label="heavy\/plain: 1\.11 GFLOP\/s/);
});

test("variants that the engine does not take are told apart in the roofline", async () => {
  const html = await benchPage(result([row("taken", 100, 1e6), row("other", 100, 1e5, false)]));
  assert.ok(html.includes(">taken by the engine<") && html.includes(">other variants<"));
});

test("a comparison comes first, with its counts, intervals and verdicts", async () => {
  const old = result([row("same", 100, 1e6), row("mended", 300, 1e6), row("gone", 1, 1e6)]);
  const now = result([row("same", 100, 1e6), row("mended", 100, 1e6)]);
  const html = await benchPage(now, compareResults(old, now));
  assert.deepEqual(titles(html), ["Against the earlier result", "All ratios", "Roofline", "Rows", "Method"]);
  for (const [name, count] of [
    ["rows compared", 2],
    ["faster", 1],
    ["within noise", 1],
    ["slower", 0],
    ["only in the old", 1],
  ])
    assert.ok(html.includes(`<dt>${name}</dt><dd>${count}</dd>`), `${name}`);
  assert.match(html, /<td class="word">faster<\/td><td data-value="0\.33\d*">0\.333<\/td>/);
  assert.ok(html.includes("an empty dispatch takes 1.00 times as long"));
  assert.ok(html.includes(">mended/plain length=8<"), "named in the plot");
});
