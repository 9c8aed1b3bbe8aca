import { test } from "node:test";
import { upsampleNearest } from "../../src/autograd/operations/pooling.ts";
import { batchNormSqueezeExcite } from "../../src/autograd/operations/squeezeExcite.ts";
import type { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const channels = 3;
const squeezed = 2;

interface Case {
  readonly x: [batch: number, channels: number, height: number, width: number];
  readonly mode: "training" | "frozen";
  readonly activation: "none" | "swish";
  /** What is done to x before. */
  readonly prepare?: (tape: Tape, x: Tensor) => Tensor;
  readonly step?: number;
}

function check({ x: shape, mode, activation, prepare = (_, x) => x, step }: Case): void {
  checkGradients({
    step,
    name: "batchNormSqueezeExcite",
    inputs: {
      x: shape,
      gamma: [channels],
      beta: [channels],
      reduceWeight: [squeezed, channels, 1, 1],
      reduceBias: [squeezed],
      expandWeight: [channels, squeezed, 1, 1],
      expandBias: [channels],
    },
    values: { gamma: [0.75, -1.25, 1.5], beta: [0.25, -0.5, 1] },
    build: (tape, { x, gamma, beta, ...gate }) => {
      const constant = (name: string, ...values: number[]) =>
        tape.constant(name, [channels], Float32Array.from(values));
      const runningMean = constant("running mean", 0.25, -0.125, 0.5);
      const runningVariance = constant("running variance", 0.5, 1.5, 0.75);
      const { reduceWeight, reduceBias, expandWeight, expandBias } = gate;
      return batchNormSqueezeExcite(
        tape,
        prepare(tape, x),
        { gamma, beta, runningMean, runningVariance },
        { mode, epsilon: 1e-3, momentum: 0.1, activation },
        { reduceWeight, reduceBias, expandWeight, expandBias },
      );
    },
  });
}

for (const mode of ["training", "frozen"] as const)
  for (const activation of ["none", "swish"] as const)
    for (const [batch, height, width] of [
      [3, 2, 4],
      [4, 1, 1],
    ])
      test(`batch norm and squeeze-and-excite: gradients, ${mode}, activation ${activation}, ${batch}x${height}x${width}`, () =>
        check({ x: [batch, channels, height, width], mode, activation }));

test("batch norm and squeeze-and-excite: gradients of channels in two stages", () =>
  check({
    x: [1, channels, 2, 2],
    mode: "training",
    activation: "swish",
    // A channel too large for one unit, made from few elements.
    prepare: (tape, x) => upsampleNearest(tape, x, 130, 130),
    // Between the difference's own error, 3e-7 at 1e-4, and the rounding of sums of 50,700 elements, 4e-7 at 1e-5.
    step: 3e-5,
  }));
