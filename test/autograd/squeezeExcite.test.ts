import { test } from "node:test";
import { batchNormSqueezeExcite } from "../../src/autograd/operations/squeezeExcite.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const channels = 3;
const squeezed = 2;

for (const mode of ["training", "frozen"] as const)
  for (const activation of ["none", "swish"] as const)
    for (const [batch, height, width] of [
      [3, 2, 4],
      [4, 1, 1],
    ])
      test(`batch norm and squeeze-and-excite: gradients, ${mode}, activation ${activation}, ${batch}x${height}x${width}`, () =>
        checkGradients({
          name: "batchNormSqueezeExcite",
          inputs: {
            x: [batch, channels, height, width],
            gamma: [channels],
            beta: [channels],
            reduceWeight: [squeezed, channels, 1, 1],
            reduceBias: [squeezed],
            expandWeight: [channels, squeezed, 1, 1],
            expandBias: [channels],
          },
          values: { gamma: [0.75, -1.25, 1.5], beta: [0.25, -0.5, 1] },
          build: (tape, { x, gamma, beta, reduceWeight, reduceBias, expandWeight, expandBias }) => {
            const constant = (name: string, ...values: number[]) =>
              tape.constant(name, [channels], Float32Array.from(values));
            const runningMean = constant("running mean", 0.25, -0.125, 0.5);
            const runningVariance = constant("running variance", 0.5, 1.5, 0.75);
            return batchNormSqueezeExcite(
              tape,
              x,
              { gamma, beta, runningMean, runningVariance },
              { mode, epsilon: 1e-3, momentum: 0.1, activation },
              { reduceWeight, reduceBias, expandWeight, expandBias },
            );
          },
        }));
