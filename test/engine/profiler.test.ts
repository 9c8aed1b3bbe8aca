import assert from "node:assert/strict";
import { test } from "node:test";
import { type LayerMode, Layers } from "../../src/autograd/layers.ts";
import { add, scale } from "../../src/autograd/operations/arithmetic.ts";
import { pointwiseConv2d } from "../../src/autograd/operations/convolution.ts";
import { meanSquaredError } from "../../src/autograd/operations/losses.ts";
import { initialValues, ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { profileProgram } from "../../src/engine/profiler.ts";
import { compile } from "../../src/engine/program.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { noiseInputs } from "../../src/regime/programs.ts";
import { inputsOf, prepareSets, recordStep } from "../../src/train/step.ts";
import type { Task } from "../../src/train/task.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

test("every dispatch is timed in order, and profiling changes no result", async () => {
  const tape = new Tape();
  const x = tape.input("x", [2, 64, 32, 32]);
  const weight = tape.input("weight", [64, 64, 1, 1]);
  const small = tape.scope("small", () => scale(tape, tape.input("one", [4]), 2));
  const large = tape.scope("large", () => pointwiseConv2d(tape, x, weight));
  const y = add(tape, large, large);
  const program = await compile(engine.current, "profiled", tape, { small, y });
  const inputs = {
    x: Float32Array.from({ length: 2 * 64 * 1024 }, (_, i) => Math.sin(i)),
    weight: Float32Array.from({ length: 4096 }, (_, i) => Math.cos(i)),
    one: new Float32Array(4).fill(1),
  };
  const before = await program.run(inputs);
  const { liveBytes } = engine.current;
  const timing = await profileProgram(program, inputs, 3);
  assert.equal(engine.current.liveBytes, liveBytes);
  assert.deepEqual(await program.run(inputs), before);
  const [first, second, third] = timing.dispatches;
  assert.deepEqual(
    timing.dispatches.map(({ label, kernel, variant }) => [label, kernel, variant]),
    [
      ["small add", "add", "plain"],
      ["large pointwiseConv2d", "pointwiseConv2d", program.dispatches[1].variant],
      ["add", "add", "plain"],
    ],
  );
  assert.ok(first.start === 0 && first.start <= second.start && second.start <= third.start);
  assert.ok(second.nanoseconds > first.nanoseconds, "16 MFLOP take longer than four products");
  assert.equal(second.cost.flops, 2 * 2 * 64 * 64 * 1024);
  assert.deepEqual(
    timing.dispatches.map(({ liveBytes }) => liveBytes),
    [16, 16 + 4 * 131_072, 16 + 2 * 4 * 131_072],
  );
  const { encode, submit, pass, wall } = timing.run;
  assert.ok(encode > 0 && submit > 0 && pass > 0);
  assert.ok(wall > encode + submit && wall > pass, JSON.stringify(timing.run));
  program.release();
});

/** One convolution with batch norm that learns to give back its image: every kind of plane in a few dispatches. */
function smallTask(): Task {
  const set = new ParameterSet("small");
  const record = (tape: Tape, image: Tensor, mode: LayerMode) => {
    const layers = new Layers(tape, set, mode);
    const y = layers.at("conv").pointwiseConv2d(image, 1, { kind: "normal", deviation: 1 });
    return layers.at("norm").batchNorm(y, { epsilon: 1e-3, momentum: 0.1 });
  };
  const declaring = new Tape();
  record(declaring, declaring.input("image", [1, 1, 8, 8]), { normalization: "frozen", trainable: true });
  return {
    name: "small",
    title: "small",
    trained: [set],
    losses(tape, batch, mode) {
      const image = batch.image("sm");
      return { loss: meanSquaredError(tape, record(tape, image, mode), image) };
    },
  };
}

test("profiling a training step leaves parameters, statistics and optimiser state bit for bit", async () => {
  const shape = { batch: 2, height: 8, width: 8, maxBoxes: 1 };
  const task = smallTask();
  const [set] = task.trained;
  for (const plane of ["values", "statistics"] as const)
    engine.current.writePlane(set.plane(plane), initialValues(set.plane(plane).layout, 1, plane));
  await prepareSets(engine.current, task.trained);
  const { tape, outputs } = recordStep(task, shape, makeConfig("default", []).optimizer, "training");
  const program = await compile(engine.current, "small", tape, outputs);
  const planes = async () =>
    Object.fromEntries(
      await Promise.all(
        program.plan.planes
          .filter(({ name }) => !name.endsWith("/gradients"))
          .map(async (plane) => [
            plane.name,
            new Uint32Array((await engine.current.readPlane(plane)).buffer),
          ]),
      ),
    );
  const before = await planes();
  assert.deepEqual(Object.keys(before).sort(), [
    "small/average",
    "small/averageStatistics",
    "small/decay",
    "small/momentum",
    "small/secondMoment",
    "small/statistics",
    "small/values",
  ]);
  const inputs = inputsOf(program, noiseInputs(shape));
  await profileProgram(program, inputs, 2);
  assert.deepEqual(await planes(), before);
  await program.run(inputs);
  const after = await planes();
  for (const name of ["values", "statistics", "momentum", "average"])
    assert.notDeepEqual(after[`small/${name}`], before[`small/${name}`], `a step changes ${name}`);
  program.release();
});
