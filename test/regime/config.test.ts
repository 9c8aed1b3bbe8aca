import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import {
  checkConfig,
  checkStoredConfig,
  makeConfig,
  presetNames,
  readConfigFile,
} from "../../src/regime/config.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-config-"));
after(() => rmSync(folder, { recursive: true }));

const refusedAs = (message: RegExp) => (error: Error) => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, message);
  return !error.message.includes("\n");
};

test("every preset is a valid configuration of its own name", () => {
  for (const preset of presetNames) assert.equal(makeConfig(preset, []).preset, preset);
});

test("later layers win, objects are merged, and a choice of another kind replaces the whole", () => {
  const sgd = { kind: "sgd", momentum: 0.9, weightDecay: 0, clipNorm: 10 };
  const config = makeConfig("default", [
    { source: "file", values: { batch: 4, epochs: { stage2: 7 }, optimizer: sgd } },
    { source: "--batch", values: { batch: 2 } },
  ]);
  assert.equal(config.batch, 2);
  assert.equal(config.epochs.stage2, 7);
  assert.equal(config.epochs.stage1, makeConfig("default", []).epochs.stage1);
  assert.deepEqual(config.optimizer, sgd);
});

test("unknown fields, wrong values and wrong presets are named", () => {
  const refuse = (values: unknown, message: RegExp) =>
    assert.throws(() => makeConfig("smoke", [{ source: "run.json", values }]), refusedAs(message));
  refuse({ learningrate: 1 }, /^run\.json: unknown field learningrate$/);
  refuse({ augment: { flips: 1 } }, /^run\.json: unknown field augment\.flips$/);
  refuse({ batch: 0 }, /^run\.json: batch: /);
  refuse({ batch: "8" }, /^run\.json: batch: .*expected number/);
  refuse({ model: "d9" }, /^run\.json: model: .*"nano"/);
  refuse({ augment: { scale: [1.2, 0.8] } }, /^run\.json: augment\.scale: must be \[low, high\]/);
  refuse({ optimizer: { kind: "adam" } }, /^run\.json: optimizer\.kind: /);
  assert.throws(
    () => makeConfig("tiny", []),
    refusedAs(/--preset tiny: must be one of smoke, default, study, full/),
  );
});

test("a run's stored configuration passes its own check", () => {
  const config = makeConfig("full", []);
  assert.deepEqual(checkConfig(JSON.parse(JSON.stringify(config)), "config.json"), config);
});

test("a stored configuration of before there was a field has its default, and keeps its own design", () => {
  const { images, evaluation, models, ...older } = makeConfig("default", []);
  const { rule, ...judged } = evaluation;
  const { twin_sm, ...fewer } = models;
  const comparisons = [["fused", "model_sm"]];
  const stored = { ...older, models: fewer, comparisons, evaluation: { ...judged, resamples: 7 } };
  const config = checkStoredConfig(stored, "config.json");
  assert.deepEqual([config.images, config.evaluation], [images, { ...evaluation, resamples: 7 }]);
  assert.ok(!("twin_sm" in config.models));
  assert.throws(
    () => checkStoredConfig({ ...stored, batch: 0 }, "config.json"),
    refusedAs(/^config\.json: batch: /),
  );
});

test("a configuration file that is missing, no JSON or no object is named", async () => {
  const path = join(folder, "run.json");
  await assert.rejects(readConfigFile(path), refusedAs(/run\.json: cannot be read as JSON \(ENOENT/));
  writeFileSync(path, "{ batch: 3 }");
  await assert.rejects(readConfigFile(path), refusedAs(/run\.json: cannot be read as JSON/));
  writeFileSync(path, "[1]");
  await assert.rejects(readConfigFile(path), refusedAs(/run\.json: must hold a JSON object/));
});

test("what a run trains and compares is merged by name, null takes away, and unknown names are refused", () => {
  const make = (values: unknown) => makeConfig("default", [{ source: "plan", values }]);
  const { models, students } = make({
    students: { late: { start: "module_a" } },
    models: { twin_sm: null, fused: { fineTune: true } },
    comparisons: [["fused", "model_sm"]],
  });
  assert.deepEqual(Object.keys(models), ["model_sm", "model_ffdm", "fused", "base_ub"]);
  assert.deepEqual(models.fused, { branches: ["module_a", "module_b"], fusion: "concat", fineTune: true });
  assert.deepEqual(Object.keys(students), ["module_b", "late"]);
  const refuse = (values: unknown, message: string) =>
    assert.throws(() => make(values), new UserError(`plan: ${message}`));
  refuse(
    { models: { twin_sm: null } },
    'comparisons: "twin_sm" must be one of model_sm, model_ffdm, fused, base_ub',
  );
  refuse(
    { students: { module_b: { teacher: "module_d" } } },
    'students.module_b.teacher: "module_d" must be one of module_a, module_c, module_a2',
  );
  refuse({ students: { module_a: {} } }, "students.module_a: is the name of a detector");
  refuse(
    { models: { own: { branches: ["module_b"], fusion: "own" } } },
    'models.own.branches: "module_b" must be one of module_a, module_c, module_a2',
  );
  refuse(
    { models: { gated: { branches: ["module_a"], fusion: "gated" } } },
    "models.gated.branches: must be two for a gated fusion",
  );
  refuse(
    { detectors: { module_a: { start: "module_c" } } },
    'detectors.module_a.start: "module_c" must be one of ',
  );
  refuse(
    { distillation: { start: "module_b" } },
    'distillation.start: "module_b" must be random or a detector',
  );
  const alone = {
    detectors: { module_c: null, module_a2: null },
    students: { module_b: null },
    models: { model_ffdm: null, fused: null, twin_sm: null, base_ub: null },
    comparisons: [],
  };
  assert.deepEqual(Object.keys(make(alone).detectors), ["module_a"]);
});
