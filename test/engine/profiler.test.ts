import assert from "node:assert/strict";
import { test } from "node:test";
import { add, scale } from "../../src/autograd/operations/arithmetic.ts";
import { pointwiseConv2d } from "../../src/autograd/operations/convolution.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { profileProgram } from "../../src/engine/profiler.ts";
import { compile } from "../../src/engine/program.ts";
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
  const { kernel, parameters } = program.dispatches[1].operation;
  const choice = engine.current.pipelines.choose(kernel, parameters);
  assert.deepEqual(
    timing.dispatches.map(({ label, kernel, variant }) => [label, kernel, variant]),
    [
      ["small add", "add", "plain"],
      ["large pointwiseConv2d", "pointwiseConv2d", choice.variant.name],
      ["add", "add", "plain"],
    ],
  );
  assert.ok(first.start === 0 && first.start <= second.start && second.start <= third.start);
  assert.ok(second.nanoseconds > first.nanoseconds, "16 MFLOP take longer than four products");
  assert.equal(second.cost.flops, 2 * 2 * 64 * 64 * 1024);
  assert.ok(timing.encodeMilliseconds > 0 && timing.wallMilliseconds > timing.encodeMilliseconds);
  program.release();
});
