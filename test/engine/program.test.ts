// What a program promises beside right numbers: nothing made per step, nothing swallowed, refusal before allocation.
import assert from "node:assert/strict";
import { test } from "node:test";
import { add as addKernel } from "../../kernels/add.ts";
import type { Kernel } from "../../kernels/kernel.ts";
import { add, scale } from "../../src/autograd/operations/arithmetic.ts";
import { sumLeading } from "../../src/autograd/operations/reduction.ts";
import { ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { UserError } from "../../src/base/errors.ts";
import { Engine } from "../../src/engine/engine.ts";
import { planTape, refuseUnfitPlan } from "../../src/engine/plan.ts";
import { compile } from "../../src/engine/program.ts";
import { countObjects, sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

test("200 runs make no GPU object, keep live bytes flat and give the same bits", async () => {
  const tape = new Tape();
  const x = tape.input("x", [7, 61]);
  const y = sumLeading(tape, add(tape, scale(tape, x, 3), x));
  const program = await compile(engine.current, "flat", tape, { y });
  const data = Float32Array.from({ length: 7 * 61 }, (_, i) => Math.sin(i));
  const first = await program.run({ x: data });
  const objects = countObjects(engine.current.device);
  const { liveBytes, objectsCreated } = engine.current;
  for (let run = 0; run < 200; run++) assert.deepEqual(await program.run({ x: data }), first);
  assert.equal(objects.made, 0);
  assert.equal(engine.current.objectsCreated, objectsCreated);
  assert.equal(engine.current.liveBytes, liveBytes);
  program.release();
  assert.ok(engine.current.liveBytes < liveBytes);
});

test("two runs may be in flight, each with its own inputs", async () => {
  const tape = new Tape();
  const x = tape.input("x", [5]);
  const program = await compile(engine.current, "in flight", tape, { y: scale(tape, x, 2) });
  const runs = [1, 2].map((value) => program.run({ x: new Float32Array(5).fill(value) }));
  const [one, two] = await Promise.all(runs);
  assert.deepEqual([...one.y], [2, 2, 2, 2, 2]);
  assert.deepEqual([...two.y], [4, 4, 4, 4, 4]);
  program.release();
});

test("an unknown input and one of the wrong length are refused by name", async () => {
  const tape = new Tape();
  const program = await compile(engine.current, "inputs", tape, { y: scale(tape, tape.input("x", [5]), 2) });
  await assert.rejects(program.run({ z: new Float32Array(5) }), /inputs: no input z/);
  await assert.rejects(program.run({ x: new Float32Array(4) }), /inputs: x takes \[5\], got 4 values/);
  program.release();
});

test("a program describes itself before anything runs", async () => {
  const tape = new Tape();
  const x = tape.input("x", [1024, 1024]);
  const program = await compile(engine.current, "example", tape, { y: add(tape, scale(tape, x, 2), x) });
  const text = program.describe();
  program.release();
  assert.match(text, /example: 2 dispatches, 0\.006 GFLOP, reads 16\.0 MiB, writes 8\.0 MiB/);
  assert.match(text, /peak 8\.0 MiB live at dispatch 1, add/);
  assert.match(text, /4\.0 MiB {2}add\.y \[1024, 1024\]/);
});

test("transients that never live together share memory", () => {
  const tape = new Tape();
  let x = tape.input("x", [1000]);
  for (let layer = 0; layer < 10; layer++) x = scale(tape, x, 2);
  assert.equal(planTape(tape, [x]).slots.length, 2);
});

test("a plan over the adapter's limits is refused with what would fit", () => {
  const tape = new Tape();
  const plan = planTape(tape, [scale(tape, tape.input("images", [8, 1000]), 2)]);
  const limits = {
    maxStorageBufferBindingSize: 12_000,
    maxBufferSize: 1e9,
    maxStorageBuffersPerShaderStage: 8,
  };
  assert.throws(
    () => refuseUnfitPlan("step", plan, limits as GPUSupportedLimits),
    (error) => error instanceof UserError && /a batch of 3 fits/.test(error.message),
  );
});

/** The add kernel with another shader. */
function altered(shader: string): Kernel {
  const [variant] = addKernel.variants;
  return { ...addKernel, name: "broken", variants: [{ ...variant, shader }] } as unknown as Kernel;
}

test("a shader that does not compile is named with position and source line", async () => {
  const tape = new Tape();
  const x = tape.input("x", [4]);
  const { y } = tape.apply(
    altered("@compute @workgroup_size(1)\nfn main() { let a = undefinedName; }"),
    { length: 4, alpha: 1, beta: 1 },
    { a: x, b: x },
  );
  const { liveBytes } = engine.current;
  await assert.rejects(compile(engine.current, "broken", tape, { y }), (error: Error) => {
    assert.match(error.message, /broken\/plain:2:\d+: .*undefinedName/);
    assert.match(error.message, /\n {2}fn main\(\) \{ let a = undefinedName; \}\n +\^/);
    return true;
  });
  assert.equal(engine.current.liveBytes, liveBytes, "buffers were not given back");
});

test("a validation error surfaces at the run, with the dispatch's label", async () => {
  const set = new ParameterSet("module");
  set.parameters.declare("weight", [64], { kind: "constant", value: 1 });
  const tape = new Tape();
  const values = tape.plane(set, "values");
  // WebGPU refuses a buffer that one dispatch both reads and writes.
  tape.scope("layer7", () =>
    tape.apply(addKernel, { length: 64, alpha: 1, beta: 1 }, { a: values, b: values, y: values }),
  );
  const program = await compile(engine.current, "conflict", tape, { y: values });
  await assert.rejects(program.run(), /conflict: layer7 add: /);
  program.release();
});

test("a lost device fails the next run and says what to do", async () => {
  const own = await Engine.create();
  try {
    const tape = new Tape();
    const program = await compile(own, "lost", tape, { y: scale(tape, tape.input("x", [4]), 2) });
    own.device.destroy();
    await own.device.lost;
    await assert.rejects(program.run({ x: new Float32Array(4) }), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /GPU device was lost .*--resume/);
      return true;
    });
  } finally {
    own.destroy();
  }
});
