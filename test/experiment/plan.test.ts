import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { packageRoot } from "../../src/base/files.ts";
import { taskKeys } from "../../src/experiment/moduleStore.ts";
import { makePlan, readPlan } from "../../src/experiment/plan.ts";
import { neededTasks } from "../../src/experiment/summary.ts";
import { makeConfig } from "../../src/regime/config.ts";

const minimal = { question: "Why?", seeds: [1], conditions: { plain: {} } };

test("every plan that ships can be read", async () => {
  const folder = join(packageRoot(), "experiments");
  const files = readdirSync(folder);
  assert.ok(files.includes("regime.json"));
  for (const file of files) {
    const plan = await readPlan(join(folder, file));
    assert.ok(plan.comparisons.length > 0, file);
  }
});

test("rows are models, or models under conditions, and conditions add to what they share", () => {
  const one = makePlan({ ...minimal, models: ["fused", "model_sm"] }, "plans/one.json");
  assert.equal(one.name, "one");
  assert.deepEqual(
    one.rows.map(({ name }) => name),
    ["fused", "model_sm"],
  );
  const conditions = { a: {}, b: { config: { batch: 2 } } };
  const two = makePlan({ ...minimal, config: { model: "nano", batch: 8 }, conditions }, "two.json");
  assert.deepEqual(
    two.conditions.map(({ config }) => config.batch),
    [8, 2],
  );
  assert.ok(two.rows.some(({ name }) => name === "b / twin_sm"));
});

test("what is wrong with a plan is named with its field", () => {
  const refuse = (change: object, message: string) =>
    assert.throws(() => makePlan({ ...minimal, ...change }, "p.json"), new UserError(message));
  refuse({ question: undefined }, "p.json: question: Invalid input: expected string, received undefined");
  refuse({ config: { batches: 3 } }, "p.json: config: unknown field batches");
  refuse(
    { conditions: { a: { config: { batch: 0 } } } },
    "p.json: conditions.a.config: batch: Too small: expected number to be >0",
  );
  refuse({ seeds: [1, 1] }, "p.json: seeds: has one twice");
  refuse(
    { models: ["fusedd"] },
    "p.json: models: condition plain has none of them, only model_sm, model_ffdm, fused, twin_sm, base_ub",
  );
  refuse(
    { models: ["fused"], comparisons: [["fused", "model_sm"]] },
    'p.json: comparisons: "model_sm" must be one of fused',
  );
  refuse({ curve: "mm" }, "p.json: conditions.plain.at: is missing, and the curve needs it");
});

const config = makeConfig("default", []);
const keysWith = (change: object) =>
  taskKeys(makeConfig("default", [{ source: "test", values: change }]), "machine");
const changed = (change: object): string[] => {
  const before = taskKeys(config, "machine");
  return [...keysWith(change)].filter(([task, key]) => before.get(task) !== key).map(([task]) => task);
};

test("a module is shared unless something that reaches it differs", () => {
  const all = [...taskKeys(config, "machine").keys()];
  assert.equal(new Set(taskKeys(config, "machine").values()).size, all.length);
  for (const harmless of [
    { workers: 1 },
    { saveEvery: 9 },
    { evaluation: { resamples: 7 } },
    { cache: { disk: 0 } },
  ])
    assert.deepEqual(changed(harmless), [], JSON.stringify(harmless));
  for (const reaching of [
    { seed: 7 },
    { augment: { flip: 0 } },
    { misregistration: { shift: 1 } },
    { batch: 2 },
  ])
    assert.deepEqual(changed(reaching), all, JSON.stringify(reaching));
  assert.deepEqual(changed({ epochs: { stage3: 9 } }), [
    "predictor_fused",
    "predictor_twin_sm",
    "predictor_base_ub",
  ]);
  assert.deepEqual(changed({ distillation: { loss: "cosine" } }), ["module_b", "predictor_fused"]);
  assert.deepEqual(changed({ detectors: { module_a2: { start: "module_c" } } }), [
    "module_a2",
    "predictor_twin_sm",
  ]);
  assert.deepEqual(changed({ students: { other: { start: "random" } } }), ["other"]);
  assert.notDeepEqual(taskKeys(config, "machine"), taskKeys(config, "another machine"));
});

test("a model's training is all that it needs and nothing else", () => {
  assert.deepEqual(neededTasks("model_sm", config), ["module_a"]);
  assert.deepEqual(neededTasks("fused", config), ["module_a", "module_b", "module_c", "predictor_fused"]);
  assert.deepEqual(neededTasks("twin_sm", config), ["module_a", "module_a2", "predictor_twin_sm"]);
});
