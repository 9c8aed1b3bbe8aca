// Batch norm and the squeeze-and-excite after it (arXiv 1709.01507) as one operation. What is between them is never stored:
// its means are taken from x, the gate multiplies it as it is made, and backwards the gate's two shares of the gradient join
// on the way to x.
import { batchNorm as batchNormKernel } from "../../../kernels/batchNorm.ts";
import { batchNormGradInput } from "../../../kernels/batchNormGradInput.ts";
import { batchNormGradSums } from "../../../kernels/batchNormGradSums.ts";
import { batchNormPool } from "../../../kernels/batchNormPool.ts";
import { batchNormTraining } from "../../../kernels/batchNormTraining.ts";
import { dense } from "../../../kernels/dense.ts";
import { denseGrad } from "../../../kernels/denseGrad.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import {
  type BatchNormOptions,
  type BatchNormTensors,
  isWhole,
  normParameters,
  splitStatistics,
} from "./normalization.ts";

/** S squeezed channels. */
export interface SqueezeExciteTensors {
  /** [S,C,1,1] and [S]. */
  readonly reduceWeight: Tensor;
  readonly reduceBias: Tensor;
  /** [C,S,1,1] and [C]. */
  readonly expandWeight: Tensor;
  readonly expandBias: Tensor;
}

/** Means of the planes of the normalised x, [N,C], and the statistics that it was normalised by. */
function pool(tape: Tape, x: Tensor, norm: BatchNormTensors, options: BatchNormOptions) {
  const { gamma, beta, runningMean, runningVariance } = norm;
  const { mode, momentum } = options;
  const p = normParameters(x, options);
  if (mode === "training" && isWhole(p)) {
    const given = { x, gamma, beta, residual: gamma, runningMean, runningVariance };
    const parameters = { ...p, segments: "", momentum, residual: false, pool: true };
    const { y: pooled, mean, variance } = tape.apply(batchNormTraining, parameters, given);
    return { pooled, mean, variance };
  }
  const statistics =
    mode === "training"
      ? splitStatistics(tape, x, norm, p, momentum)
      : { mean: runningMean, variance: runningVariance };
  return { pooled: tape.apply(batchNormPool, p, { x, gamma, beta, ...statistics }).y, ...statistics };
}

/** v · sigmoid(expand(swish(reduce(mean of v)))) for v = activation(batch norm of x [N,C,H,W]) → [N,C,H,W]. */
export function batchNormSqueezeExcite(
  tape: Tape,
  x: Tensor,
  norm: BatchNormTensors,
  options: BatchNormOptions,
  { reduceWeight, reduceBias, expandWeight, expandBias }: SqueezeExciteTensors,
): Tensor {
  const { gamma, beta } = norm;
  const p = normParameters(x, options);
  const { batch, channels } = p;
  const squeezed = reduceBias.shape[0];
  const inputs = { x, gamma, beta, reduceWeight, reduceBias, expandWeight, expandBias };
  const reduce = { batch, inputs: channels, outputs: squeezed };
  const expand = { batch, inputs: squeezed, outputs: channels };

  return tape.group(inputs, () => {
    const { pooled, mean, variance } = pool(tape, x, norm, options);
    const { z: before, y: hidden } = tape.apply(
      dense,
      { ...reduce, activation: "swish" },
      { x: pooled, weight: reduceWeight, bias: reduceBias },
    );
    const { y: gate } = tape.apply(
      dense,
      { ...expand, activation: "sigmoid" },
      { x: hidden, weight: expandWeight, bias: expandBias },
    );
    const given = { x, mean, variance, gamma, beta, gate };
    const parameters = { ...p, segments: "", gated: true, residual: false };
    const output = tape.apply(batchNormKernel, parameters, { ...given, residual: gamma }, { y: x.shape }).y;

    const gradient = (dy: Tensor) => {
      const sums = tape.apply(batchNormGradSums, { ...p, gated: true }, { ...given, dy });
      const expanded = tape.apply(
        denseGrad,
        { ...expand, inputActivation: "swish" },
        { x: hidden, before, weight: expandWeight, dz: sums.dgate },
        { dweight: expandWeight.shape },
      );
      const reduced = tape.apply(
        denseGrad,
        { ...reduce, inputActivation: "none" },
        { x: pooled, before: pooled, weight: reduceWeight, dz: expanded.dx },
        { dweight: reduceWeight.shape },
      );
      const { dx, dgamma, dbeta } = tape.apply(
        batchNormGradInput,
        { ...p, gated: true, frozen: options.mode === "frozen" },
        { x, dy, planes: sums.planes, gate, dpool: reduced.dx },
        { dx: x.shape },
      );
      return {
        x: dx,
        gamma: dgamma,
        beta: dbeta,
        reduceWeight: reduced.dweight,
        reduceBias: reduced.dbias,
        expandWeight: expanded.dweight,
        expandBias: expanded.dbias,
      };
    };
    return { output, gradient };
  });
}
