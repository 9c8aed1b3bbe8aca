// Every program that can be named is recorded, and everything that it reads has been prepared.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planTape } from "../../src/engine/plan.ts";
import { makeConfig } from "../../src/regime/config.ts";
import { noiseInputs, programKinds, recordProgram } from "../../src/regime/programs.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const shape = { batch: 2, height: 64, width: 32, maxBoxes: 3 };
const tasks = [
  "module_a",
  "module_c",
  "module_a2",
  "module_b",
  "predictor_fused",
  "predictor_twin_sm",
  "predictor_base_ub",
];
const withoutInference = ["module_a2", "module_b"];

for (const fineTune of [false, true])
  test(`every program of every task, ${fineTune ? "with" : "without"} fine-tuning`, async () => {
    const config = makeConfig("default", [{ source: "test", values: { predictor: { fineTune } } }]);
    const inputs = noiseInputs(shape);
    for (const name of tasks)
      for (const kind of programKinds) {
        if (kind === "inference" && withoutInference.includes(name)) {
          assert.throws(() => recordProgram(name, kind, shape, config), /no model infers by its heads/);
          continue;
        }
        const { title, tape, outputs, prepare } = recordProgram(name, kind, shape, config);
        const plan = planTape(tape, Object.values(outputs));
        const { liveBytes } = engine.current;
        await prepare(engine.current);
        assert.ok(engine.current.liveBytes > liveBytes, `${title}: something is prepared`);
        for (const plane of plan.planes) {
          if (plane.name.endsWith("/gradients")) continue;
          const before = engine.current.liveBytes;
          engine.current.plane(plane);
          assert.equal(engine.current.liveBytes, before, `${title}: ${plane.name} has been prepared`);
        }
        for (const input of plan.inputs)
          assert.equal(
            inputs[input.name]?.length,
            input.shape.reduce((product, extent) => product * extent, 1),
            `${title}: ${input.name}`,
          );
        const updates = plan.operations.some(({ kernel }) => kernel.name === "adamw");
        assert.equal(updates, kind === "training" || kind === "frozen", title);
        assert.equal("loss" in outputs, kind !== "inference", title);
        engine.current.releasePlanes(plan.planes);
      }
  });
