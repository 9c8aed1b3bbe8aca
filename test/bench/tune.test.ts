// Searching: what is wrong never wins, what is faster does, what is tuned is not tuned again.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { decide, makeTools, pairedRatio, searchShape } from "../../bench/search.ts";
import { renderTuning, tuneShapes } from "../../bench/tune.ts";
import { add } from "../../kernels/add.ts";
import { describeChoice, type Kernel, pinned, untuned } from "../../kernels/kernel.ts";
import { HostTimer, hostQuantum } from "../../src/engine/hostTimer.ts";
import { TuningTable } from "../../src/engine/tuning.ts";
import { messages, runCli } from "../helpers/cli.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const folder = mkdtempSync(join(tmpdir(), "diptych-tune-"));
after(() => rmSync(folder, { recursive: true }));

const silent = { note() {}, warn() {}, progress: () => ({ update() {}, stop() {} }) };
const shape = { length: 50_000, alpha: 2, beta: 3 };
const kernelOfAdd = add as unknown as Kernel;
const [declared] = kernelOfAdd.variants;
/** Without tunables, so that a search is among planted shaders alone. */
const right = pinned(kernelOfAdd, untuned(declared)).variants[0];

/** Adds in the end, after a loop that no compiler can leave out. */
const slowShader = right.shader.replace(
  "let inside",
  "var spin = f32(i);\n  for (var k = 0u; k < 400u; k++) { spin = cos(spin); }\n  if (spin > 2.0) { return; }\n  let inside",
);
/** Fast, because it reads one array alone. */
const wrongShader = right.shader.replace("BETA * b[i]", "BETA");

/** The kernel with variants of the given shaders, the first one its default. */
function planted(shaders: Readonly<Record<string, string>>): Kernel {
  const variants = Object.entries(shaders).map(([name, shader]) => ({ ...right, name, shader }));
  return { ...kernelOfAdd, name: "planted", variants };
}

test("a faster choice replaces a slow default, one that is wrong or does not compile never wins", async () => {
  const kernel = planted({
    slow: slowShader,
    wrong: wrongShader,
    broken: "fn main() {",
    right: right.shader,
  });
  const { liveBytes } = engine.current;
  const tools = await makeTools(engine.current);
  const onHost = { ...tools, stopwatch: new HostTimer(engine.current), quantum: hostQuantum };
  for (const given of [tools, onHost]) {
    const finding = (await searchShape(given, kernel, shape))!;
    assert.deepEqual([finding.preferred, finding.chosen].map(describeChoice), ["slow", "right"]);
    assert.ok(finding.ratio!.ratio < 0.5, `${finding.ratio!.ratio}`);
    assert.deepEqual(
      finding.wrong.map(({ choice }) => choice.variant.name),
      ["wrong", "broken"],
    );
    assert.match(finding.wrong[0].reason, /^off by \d/);
    assert.match(finding.wrong[1].reason, /does not compile/);
    given.stopwatch.release();
  }
  assert.equal(engine.current.liveBytes, liveBytes, "buffers were not given back");
});

test("where the reference would take too long, the kernel's test cases find what is wrong", async () => {
  const small = planted({ slow: slowShader, wrong: wrongShader, right: right.shader });
  const large: Kernel = { ...small, flops: () => 1e12 };
  const tools = await makeTools(engine.current);
  const finding = (await searchShape(tools, large, shape))!;
  assert.equal(finding.chosen.variant.name, "right");
  assert.deepEqual(
    finding.wrong.map(({ choice }) => choice.variant.name),
    ["wrong"],
  );
  assert.deepEqual(
    [...tools.checked].map(([choice, { checked }]) => [choice, checked]),
    [
      ["planted/slow", "cases"],
      ["planted/wrong", "cases"],
      ["planted/right", "cases"],
    ],
  );
  tools.stopwatch.release();
});

test("where the default is wrong nothing is stored", async () => {
  const kernel = planted({ wrong: wrongShader, right: right.shader });
  const table = TuningTable.open(join(folder, "wrong.json"), engine.current.adapter);
  const warnings: string[] = [];
  const reporter = { ...silent, warn: (line: string) => warnings.push(line) };
  const shapes = [{ kernel, parameters: shape, origin: "test", count: 1 }];
  await tuneShapes(engine.current, table, shapes, { seconds: 60, again: false }, reporter);
  assert.ok(!table.has(kernel, shape));
  assert.match(
    warnings.join(),
    /^planted length=50000 alpha=2 beta=3: wrong is wrong and cannot win: off by/,
  );
});

test("the default stays within noise, and among equals the first declared wins", () => {
  const noisy = (level: number, phase: number) =>
    Array.from({ length: 9 }, (_, round) => level * (1 + 0.1 * Math.sin(3 * round + phase)));
  assert.equal(decide([noisy(100, 0), noisy(99, 1), noisy(98, 2)]), 0);
  const steady = (level: number) => Array.from({ length: 9 }, (_, round) => level + round / 100);
  assert.equal(decide([steady(100), steady(98)]), 0, "2% are not enough");
  assert.equal(decide([steady(100), steady(80), steady(79.5)]), 1);
  assert.equal(decide([steady(100), steady(80), steady(60)]), 2);
  // The machine became slower in the middle of it, which a ratio within each round does not see.
  const drift = (times: number[]) => times.map((time, round) => time * (round < 4 ? 1 : 3));
  assert.equal(decide([drift(steady(100)), drift(steady(90))]), 1);
  assert.ok(pairedRatio(drift(steady(100)), drift(steady(90))).high < 0.91);
});

test("shapes are stored one by one, the heaviest first, and what is tuned is skipped", async () => {
  const { adapter } = engine.current;
  const table = TuningTable.open(join(folder, "resumed.json"), adapter);
  const kernel = planted({ slow: slowShader, right: right.shader });
  const shapes = [1000, 50_000].map((length) => ({
    kernel,
    parameters: { ...shape, length },
    origin: "test",
    count: 1,
  }));
  const options = { seconds: 60, again: false };
  const none = await tuneShapes(engine.current, table, shapes, { ...options, seconds: 0 }, silent);
  assert.deepEqual([none.tuned.length, none.known, none.left], [0, 0, 2]);
  assert.match(renderTuning(none), /^0 shapes tuned, .*; 2 left: run again to go on$/);
  const first = await tuneShapes(engine.current, table, shapes.slice(1), options, silent);
  assert.deepEqual([first.tuned.length, first.known, first.left], [1, 0, 0]);
  const second = await tuneShapes(
    engine.current,
    TuningTable.open(table.path, adapter),
    shapes,
    options,
    silent,
  );
  assert.deepEqual(
    second.tuned.map((tuned) => tuned.shape.parameters.length),
    [1000],
  );
  assert.deepEqual([second.known, second.left], [1, 0]);
  const again = await tuneShapes(engine.current, table, shapes, { ...options, again: true }, silent);
  assert.deepEqual(
    again.tuned.map((tuned) => tuned.shape.parameters.length),
    [50_000, 1000],
  );
  assert.match(renderTuning(again), /x 0\.\d+ .* slow +right +planted length=50000/);
});

test("the command line tunes a kernel into the named file, and goes on from there", async () => {
  const file = join(folder, "cli.json");
  const kernel = "exponentialAverage";
  const args = ["tune", "--kernel", kernel, "--seconds", "60"];
  const environment = { DIPTYCH_TUNING: file };
  const first = await runCli(args, folder, undefined, environment);
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /\d+ shapes tuned, \d+ with another choice than the default; 0 were .*; none left/,
  );
  const { entries } = JSON.parse(readFileSync(file, "utf8"));
  assert.ok(Object.keys(entries).length > 0);
  assert.ok(Object.keys(entries).every((key) => key.startsWith(`${kernel} length=`)));
  const second = await runCli(args, folder, undefined, environment);
  assert.match(second.stdout, /^0 shapes tuned, .*; [1-9]\d* were tuned before; none left$/m);
});

for (const [args, tuning, message] of [
  ["--kernel absent", "x.json", /^diptych: --kernel absent: must be one of /],
  ["", "off", /^diptych: DIPTYCH_TUNING=off: there is nowhere to store choices/],
] as const)
  test(`refused in one line: diptych tune ${args} with DIPTYCH_TUNING=${tuning}`, async () => {
    const given = args.split(" ").filter(Boolean);
    const finished = await runCli(["tune", ...given], folder, undefined, { DIPTYCH_TUNING: tuning });
    const lines = messages(finished);
    assert.equal(lines.length, 1, finished.stderr);
    assert.match(lines[0], message);
    assert.notEqual(finished.code, 0);
  });
