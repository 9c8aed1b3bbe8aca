import { test } from "node:test";
import { batchNorm } from "../../src/autograd/operations/normalization.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const channels = 3;

for (const mode of ["training", "frozen"] as const)
  for (const activation of ["none", "swish"] as const)
    for (const shape of [
      [3, channels, 2, 4],
      [2, channels, 1, 1],
    ])
      test(`batchNorm gradients, ${mode}, activation ${activation}, [${shape}]`, () =>
        checkGradients({
          name: "batchNorm",
          inputs: { x: shape, gamma: [channels], beta: [channels] },
          values: { gamma: [0.75, -1.25, 1.5], beta: [0.25, -0.5, 1] },
          build: (tape, { x, gamma, beta }) => {
            const constant = (name: string, ...values: number[]) =>
              tape.constant(name, [channels], Float32Array.from(values));
            const runningMean = constant("running mean", 0.25, -0.125, 0.5);
            const runningVariance = constant("running variance", 0.5, 1.5, 0.75);
            const parameters = { gamma, beta, runningMean, runningVariance };
            return batchNorm(tape, x, parameters, { mode, epsilon: 1e-3, momentum: 0.1, activation });
          },
        }));
