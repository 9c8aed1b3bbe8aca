// An experiment as a user starts it, small enough for software: two conditions that share their first stage.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ExperimentSummary } from "../../src/experiment/summary.ts";
import { type Finished, messages, runCli } from "../helpers/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-experiment-"));
after(() => rmSync(folder, { recursive: true }));

const plan = {
  question: "Does it run?",
  preset: "smoke",
  seeds: [1],
  config: {
    phantom: { patients: 10 },
    imageSize: [64, 64],
    learningRate: 0.002,
    evaluation: { resamples: 50 },
    detectors: { module_a2: null },
    models: { twin_sm: null, base_ub: null },
    comparisons: [],
  },
  conditions: { plain: { at: 0 }, longer: { at: 1, config: { epochs: { stage3: 2 } } } },
  models: ["model_sm", "fused"],
  comparisons: [["longer / fused", "plain / fused"]],
  curve: "one or two",
};

const run = () => runCli(["experiment", "plan.json", "--out", "out"], folder);
const summary = (): ExperimentSummary =>
  JSON.parse(readFileSync(join(folder, "out", "experiment.json"), "utf8"));

let first: Finished;
before(async () => {
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  first = await run();
});

test("it ends with a table, and what both conditions train alike is trained once", () => {
  assert.equal(first.code, 0, first.stderr);
  for (const row of ["plain / model_sm", "plain / fused", "longer / model_sm", "longer / fused"])
    assert.match(first.stdout, new RegExp(`^${row} +\\d\\.\\d{3} \\[`, "m"));
  assert.match(first.stdout, /^longer \/ fused - plain \/ fused +image AUC +[+-]\d/m);
  assert.match(first.stdout, /^trained before: module_a, module_c, module_b$/m);
  assert.equal(first.stdout.match(/module_a on SM: epoch/g)?.length, 1);
  assert.equal(readdirSync(join(folder, "out", "modules")).length, 5);
});

test("shared modules give the same model to the bit", () => {
  const { rows, comparisons } = summary();
  const [plain, , longer] = rows;
  assert.equal(plain.model, "model_sm");
  assert.deepEqual(longer.figures, plain.figures);
  assert.equal(longer.trainingSeconds, plain.trainingSeconds);
  assert.ok(plain.trainingSeconds > 0 && plain.parameters > 1e5 && plain.flops > 1e6);
  assert.equal(comparisons.length, 2);
});

test("a finished cell is not run again", async () => {
  const before = summary();
  const second = await run();
  assert.equal(second.code, 0, second.stderr);
  assert.equal(second.stdout.match(/: finished before$/gm)?.length, 2);
  assert.doesNotMatch(second.stdout, /compiling/);
  assert.deepEqual(summary(), before);
});

test("a cell that was run under another plan is refused, and stays", async () => {
  const other = { ...plan, config: { ...plan.config, learningRate: 0.001 } };
  writeFileSync(join(folder, "plan.json"), JSON.stringify(other));
  const refused = await run();
  assert.equal(refused.code, 1);
  assert.match(
    messages(refused)[0],
    /cells\/plain\/seed-1: was run with learningRate 0\.002, and the plan says 0\.001: delete the cell to run it again, or give another --out$/,
  );
  assert.ok(readdirSync(join(folder, "out", "cells", "plain", "seed-1")).includes("results.json"));
});
