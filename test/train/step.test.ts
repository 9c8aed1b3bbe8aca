// The step of the real job: nano's module A.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { choicesFor } from "../../kernels/kernel.ts";
import { scheduleValues } from "../../src/autograd/operations/optimizer.ts";
import { initialValues } from "../../src/autograd/parameters.ts";
import { RandomStream } from "../../src/base/random.ts";
import { Engine } from "../../src/engine/engine.ts";
import { TuningTable } from "../../src/engine/tuning.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { modulesOf } from "../../src/regime/modules.ts";
import { stageTasks } from "../../src/regime/stages.ts";
import { compileTask, inputsOf, prepareSets, recordStep } from "../../src/train/step.ts";
import { countObjects, sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const shape = { batch: 2, height: 128, width: 128, maxBoxes: 3 };
const optimizer = {
  kind: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 10,
} as const;

function makeTask() {
  const config = makeConfig("default", [{ source: "test", values: { dropConnectRate: 0.1 } }]);
  return stageTasks(modulesOf(config, 2), config)[0];
}

/** Two images, one with a bright square that is a lesion. */
function makeBatch() {
  const random = new RandomStream(1, "step test");
  const sm = Float32Array.from({ length: 2 * 128 * 128 }, () => random.nextNormal());
  for (let y = 40; y < 60; y++) for (let x = 70; x < 90; x++) sm[y * 128 + x] += 4;
  const smBoxes = new Float32Array(2 * 3 * 4).fill(-1);
  smBoxes.set([40, 70, 60, 90]);
  return { sm, smBoxes, classes: Int32Array.of(2, -1, -1, -1, -1, -1) };
}

async function train(on: Engine, steps: number) {
  const task = makeTask();
  for (const set of task.trained) {
    on.writePlane(set.plane("values"), initialValues(set.parameters, 1, set.name));
    on.writePlane(set.plane("statistics"), initialValues(set.statistics, 1, set.name));
  }
  await prepareSets(on, task.trained);
  const programs = await compileTask(on, task, shape, optimizer);
  const losses: number[] = [];
  let counter: { readonly made: number } | undefined;
  let liveBytes = 0;
  for (let step = 0; step < steps; step++) {
    const given = {
      ...makeBatch(),
      random: Uint32Array.of(1, step),
      schedule: scheduleValues(optimizer, 3e-3, step + 1),
      averageRate: Float32Array.of(0.1),
    };
    losses.push((await programs.step.run(inputsOf(programs.step, given))).loss[0]);
    counter ??= countObjects(on.device);
    liveBytes ||= on.liveBytes;
  }
  assert.equal(on.liveBytes, liveBytes);
  const values = await on.readPlane(task.trained[0].plane("values"));
  const plan = programs.step.describe();
  const choices = programs.step.dispatches.map(
    ({ operation, variant }) => `${operation.kernel.name}/${variant}`,
  );
  for (const program of Object.values(programs)) program.release();
  on.releasePlanes(["values", "statistics"].map((name) => task.trained[0].plane(name as "values")));
  return { losses, values, plan, choices, made: counter!.made };
}

test("a training step makes no GPU object after its first run, learns, and repeats bit for bit", async () => {
  const first = await train(engine.current, 20);
  assert.equal(first.made, 1, "one staging buffer, to read the parameters after the last step");
  assert.ok(first.losses[19] < 0.5 * first.losses[0], first.losses.join(" "));
  const second = await train(engine.current, 20);
  assert.deepEqual(second.losses, first.losses);
  assert.deepEqual(second.values, first.values);
});

test("with a tuning cache the step has the same plan, makes no more objects and repeats bit for bit", async () => {
  const untuned = await train(engine.current, 3);
  const folder = mkdtempSync(join(tmpdir(), "diptych-step-"));
  const table = TuningTable.open(join(folder, "tuning.json"), engine.current.adapter);
  const { tape } = recordStep(makeTask(), shape, optimizer, "training");
  for (const { kernel, parameters } of tape.operations) {
    const choices = choicesFor(kernel, parameters, engine.current.traits);
    if (/^(pointwiseConv2d|add|adamw)$/.test(kernel.name) && choices.length > 1)
      table.set(kernel, parameters, choices[choices.length - 1], 0.5);
  }
  await table.save();
  const tuned = await Engine.create({ tuning: table.path });
  try {
    const first = await train(tuned, 3);
    assert.ok(first.choices.includes("adamw/plain WORKGROUP=256"), first.choices.join(" "));
    assert.ok(first.choices.includes("pointwiseConv2d/plain"), first.choices.join(" "));
    assert.equal(first.plan, untuned.plan);
    assert.equal(first.made, 1);
    first.losses.forEach((loss, step) => {
      assert.ok(Math.abs(loss / untuned.losses[step] - 1) < 1e-3, `${loss} and ${untuned.losses[step]}`);
    });
    const second = await train(tuned, 3);
    assert.deepEqual(second.losses, first.losses);
    assert.deepEqual(second.values, first.values);
  } finally {
    tuned.destroy();
    rmSync(folder, { recursive: true });
  }
});
