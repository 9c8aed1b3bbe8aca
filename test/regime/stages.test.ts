// What each task trains and what it leaves alone, as its plan shows it; no device is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planTape } from "../../src/engine/plan.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { modulesOf } from "../../src/regime/modules.ts";
import { type StageTask, stageTasks } from "../../src/regime/stages.ts";
import { recordStep, recordValidation } from "../../src/train/step.ts";

const shape = { batch: 2, height: 64, width: 96, maxBoxes: 3 };
const optimizer = { kind: "sgd", momentum: 0.9, weightDecay: 0, clipNorm: 0 } as const;

const tasksOf = (fineTune: boolean, loss: "mse" | "cosine" | "both" = "mse"): StageTask[] =>
  tasksWith({ distillation: { loss }, predictor: { fineTune } });

function tasksWith(values: unknown): StageTask[] {
  const config = makeConfig("default", [{ source: "test", values }]);
  return stageTasks(modulesOf(config, 2), config);
}

const step = (task: StageTask) => recordStep(task, shape, optimizer, "training");

/** Names of the modules for which a step writes a kind of plane. */
function modulesWith(task: StageTask, plane: string): string[] {
  const { tape, outputs } = step(task);
  const planes = planTape(tape, Object.values(outputs)).planes.map(({ name }) => name);
  return planes.filter((name) => name.endsWith(`/${plane}`)).map((name) => name.slice(0, -plane.length - 1));
}

const inputs = (task: StageTask): string[] => step(task).tape.inputs.map(({ name }) => name);

test("stage 1 trains one detector on its own image alone", () => {
  const [a, c, twin] = tasksOf(false);
  assert.deepEqual(modulesWith(a, "values"), ["module_a"]);
  assert.ok(inputs(a).includes("sm") && !inputs(a).includes("ffdm"));
  assert.ok(inputs(c).includes("ffdm") && inputs(c).includes("ffdmBoxes") && !inputs(c).includes("sm"));
  assert.deepEqual(twin.trains, ["module_a2"]);
});

test("stage 2 trains B on the SM towards C, and C stays as it is", () => {
  for (const loss of ["mse", "cosine", "both"] as const) {
    const task = tasksOf(false, loss)[3];
    assert.deepEqual(modulesWith(task, "gradients"), ["module_b"]);
    assert.deepEqual(modulesWith(task, "values").sort(), ["module_b", "module_c"]);
    assert.deepEqual(task.startsFrom, { module_b: "module_c" });
    assert.ok(!inputs(task).includes("classes"), "no label is looked at");
  }
});

test("stage 3 trains the predictor alone, with both pyramids frozen", () => {
  const branches = [
    ["module_a", "module_b"],
    ["module_a", "module_a2"],
    ["module_a", "module_c"],
  ];
  tasksOf(false)
    .slice(4)
    .forEach((task, index) => {
      assert.deepEqual(modulesWith(task, "gradients"), [task.name]);
      assert.deepEqual(task.reads, branches[index]);
      assert.equal(inputs(task).includes("ffdm"), index === 2, "only the upper bound sees the FFDM");
    });
});

test("with fine-tuning each predictor trains copies, and the modules of stages 1 and 2 stay as they are", () => {
  for (const task of tasksOf(true).slice(4)) {
    assert.equal(task.trains.length, 3);
    assert.deepEqual(modulesWith(task, "gradients").sort(), [...task.trains].sort());
    for (const [copy, original] of Object.entries(task.startsFrom))
      assert.equal(copy, `${task.name}/${original}`);
    assert.deepEqual(modulesWith(task, "values").sort(), [...task.trains].sort());
  }
});

test("validation reads averages and writes nothing that lasts", () => {
  for (const task of tasksOf(false)) {
    const { tape } = recordValidation(task, shape);
    const written = tape.operations.flatMap(({ bindings, tensors }) =>
      bindings.filter(({ access }) => access !== "read").map(({ name }) => tensors[name].storage.kind),
    );
    assert.ok(written.every((kind) => kind === "transient"));
    const planes = planTape(tape, []).planes.map(({ name }) => name);
    for (const name of task.trains) assert.ok(planes.includes(`${name}/average`), `${task.name}: ${name}`);
  }
});

const named = (tasks: readonly StageTask[], name: string): StageTask =>
  tasks.find((task) => task.name === name) as StageTask;

/** Names of the parameters below which a step writes gradients. */
function trainedParts(task: StageTask): string[] {
  const { tape } = step(task);
  const written = tape.operations.flatMap(({ bindings, tensors }) =>
    bindings.filter(({ access }) => access !== "read").map(({ name }) => tensors[name]),
  );
  const parts = written
    .filter(({ storage }) => storage.kind === "persistent" && storage.plane.name.endsWith("/gradients"))
    .map(({ name }) => name);
  return [...new Set(parts)];
}

test("a student may compare backbones, some levels, or blurred maps, and start as any detector", () => {
  const tasks = tasksWith({
    students: {
      backbone: { tap: "backbone" },
      top: { levels: [5], loss: "both" },
      tolerant: { blur: 1, start: "module_a" },
      fresh: { start: "random" },
    },
  });
  const losses = (name: string) =>
    Object.keys(step(named(tasks, name)).outputs).filter((key) => /^P/.test(key));
  assert.deepEqual(losses("module_b"), ["P3 mse", "P3 cosine", "P4 mse", "P4 cosine", "P5 mse", "P5 cosine"]);
  assert.deepEqual(losses("backbone"), losses("module_b"));
  assert.deepEqual(losses("top"), ["P5 mse", "P5 cosine"]);
  const kernels = (name: string) => step(named(tasks, name)).tape.operations.map(({ kernel }) => kernel.name);
  assert.ok(!kernels("backbone").includes("fuse"), "no pyramid is computed");
  const blurs = (name: string) => kernels(name).filter((kernel) => kernel === "depthwiseConv2d").length;
  assert.equal(blurs("tolerant") - blurs("module_b"), 2 * 3);
  assert.deepEqual(named(tasks, "tolerant").startsFrom, { tolerant: "module_a" });
  assert.deepEqual(named(tasks, "fresh").startsFrom, {});
});

test("models of one branch, of three, gated, with heads apart, and a detector of both images", () => {
  const tasks = tasksWith({
    detectors: { early: { image: "both" }, late: { image: "sm", start: "module_c" } },
    models: {
      early: { branches: ["early"], fusion: "own" },
      ensemble: { branches: ["module_a", "module_c"], fusion: "own" },
      alone: { branches: ["module_b"], fusion: "concat" },
      three: { branches: ["module_a", "module_a2", "module_b"], fusion: "concat" },
      gated: { branches: ["module_a", "module_b"], fusion: "gated", fineTune: true },
      apart: { branches: ["module_a", "module_b"], fusion: "heads" },
    },
  });
  const names = tasks.map(({ name }) => name);
  assert.ok(!names.includes("predictor_early") && !names.includes("predictor_ensemble"), "nothing to train");
  assert.ok(["sm", "ffdm"].every((image) => inputs(named(tasks, "early")).includes(image)));
  assert.deepEqual(named(tasks, "late").startsFrom, { late: "module_c" });
  assert.deepEqual(named(tasks, "predictor_alone").reads, ["module_b"]);
  assert.deepEqual(named(tasks, "predictor_three").reads, ["module_a", "module_a2", "module_b"]);
  const apart = named(tasks, "predictor_apart");
  assert.deepEqual(apart.trains, ["predictor_apart", "predictor_apart+2"]);
  assert.deepEqual(modulesWith(apart, "gradients").sort(), [...apart.trains].sort());
  const gated = named(tasks, "predictor_gated");
  assert.deepEqual(gated.trains, ["predictor_gated", "predictor_gated/module_a", "predictor_gated/module_b"]);
  assert.ok(
    trainedParts(gated).some((name) => name.includes("gate.weight")),
    trainedParts(gated).join(),
  );
});
