// What each task trains and what it leaves alone, as its plan shows it; no device is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { detectorConfig } from "../../src/detector/config.ts";
import { planTape } from "../../src/engine/plan.ts";
import { createModules } from "../../src/regime/modules.ts";
import { type StageTask, stageTasks } from "../../src/regime/stages.ts";
import { recordStep, recordValidation } from "../../src/train/step.ts";

const config = detectorConfig("nano", { numClasses: 2, inChannels: 1 });
const shape = { batch: 2, height: 64, width: 96, maxBoxes: 3 };
const optimizer = { kind: "sgd", momentum: 0.9, weightDecay: 0, clipNorm: 0 } as const;

function tasksOf(fineTune: boolean, loss: "mse" | "cosine" | "both" = "mse"): StageTask[] {
  const options = { distillation: { loss, start: "module_c" }, predictor: { fineTune } } as const;
  return stageTasks(createModules(config, fineTune), options);
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
