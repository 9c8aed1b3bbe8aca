import { test } from "node:test";
import { batchNorm } from "../../src/autograd/operations/normalization.ts";
import { upsampleNearest } from "../../src/autograd/operations/pooling.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const channels = 3;
const values = { gamma: [0.75, -1.25, 1.5], beta: [0.25, -0.5, 1] };

function normOf(tape: Tape, gamma: Tensor, beta: Tensor) {
  const constant = (name: string, ...of: number[]) => tape.constant(name, [channels], Float32Array.from(of));
  const runningMean = constant("running mean", 0.25, -0.125, 0.5);
  const runningVariance = constant("running variance", 0.5, 1.5, 0.75);
  return { gamma, beta, runningMean, runningVariance };
}

for (const mode of ["training", "frozen"] as const)
  for (const activation of ["none", "swish"] as const) {
    const options = { mode, epsilon: 1e-3, momentum: 0.1, activation };
    for (const shape of [
      [3, channels, 2, 4],
      [2, channels, 1, 1],
    ])
      test(`batchNorm gradients, ${mode}, activation ${activation}, [${shape}]`, () =>
        checkGradients({
          name: "batchNorm",
          inputs: { x: shape, gamma: [channels], beta: [channels] },
          values,
          build: (tape, { x, gamma, beta }) => batchNorm(tape, x, normOf(tape, gamma, beta), options),
        }));

    test(`batchNorm gradients with a residual, ${mode}, activation ${activation}`, () =>
      checkGradients({
        name: "batchNorm",
        inputs: {
          x: [3, channels, 2, 2],
          residual: [3, channels, 2, 2],
          gamma: [channels],
          beta: [channels],
        },
        values,
        build: (tape, { x, residual, gamma, beta }) =>
          batchNorm(tape, x, normOf(tape, gamma, beta), options, residual),
      }));
  }

for (const mode of ["training", "frozen"] as const)
  test(`batchNorm gradients of segments with filling after them, ${mode}`, () => {
    const levels = 2;
    const constant = (tape: Tape, name: string, low: number) =>
      tape.constant(
        name,
        [levels * channels],
        Float32Array.from({ length: levels * channels }, (_, i) => low + i / 4),
      );
    checkGradients({
      name: "batchNorm",
      inputs: { x: [3, channels, 1, 8], gamma: [levels, channels], beta: [levels, channels] },
      build: (tape, { x, gamma, beta }) => {
        const runningMean = constant(tape, "running mean", -0.5);
        const runningVariance = constant(tape, "running variance", 0.5);
        const options = { mode, epsilon: 1e-3, momentum: 0.1, activation: "swish", segments: "4,6" } as const;
        return batchNorm(tape, x, { gamma, beta, runningMean, runningVariance }, options);
      },
    });
  });

// A channel too large for one unit, made from few elements.
const enlarge = (tape: Tape, x: Tensor): Tensor => upsampleNearest(tape, x, 130, 130);

test("batchNorm gradients of channels in two stages", () =>
  checkGradients({
    name: "batchNorm",
    inputs: { x: [1, channels, 2, 2], gamma: [channels], beta: [channels] },
    values,
    build: (tape, { x, gamma, beta }) =>
      batchNorm(tape, enlarge(tape, x), normOf(tape, gamma, beta), {
        mode: "training",
        epsilon: 1e-3,
        momentum: 0.1,
        activation: "swish",
      }),
  }));
