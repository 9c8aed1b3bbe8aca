import { type BatchNormParameters, batchNorm as batchNormKernel } from "../../../kernels/batchNorm.ts";
import { batchNormGradInput } from "../../../kernels/batchNormGradInput.ts";
import { batchNormGradParameters } from "../../../kernels/batchNormGradParameters.ts";
import { batchNormStatistics } from "../../../kernels/batchNormStatistics.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Each [C]. */
export interface BatchNormTensors {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

export interface BatchNormOptions {
  /** `training` normalises by the batch and updates the running statistics; `frozen` normalises by those. */
  readonly mode: "training" | "frozen";
  readonly epsilon: number;
  readonly momentum: number;
  readonly activation: "none" | "swish";
}

/** activation(batch norm of x [N,C,H,W]) → [N,C,H,W] (arXiv 1502.03167). */
export function batchNorm(
  tape: Tape,
  x: Tensor,
  { gamma, beta, runningMean, runningVariance }: BatchNormTensors,
  { mode, epsilon, momentum, activation }: BatchNormOptions,
): Tensor {
  const [batch, channels, height, width] = x.shape;
  const size = { batch, channels, pixels: height * width };
  let statistics = { mean: runningMean, variance: runningVariance };
  if (mode === "training") {
    const given = { x, runningMean, runningVariance };
    const { mean, variance } = tape.apply(batchNormStatistics, { ...size, momentum }, given);
    statistics = { mean, variance };
  }
  const given = { x, ...statistics, gamma, beta };
  return tape.apply(batchNormKernel, { ...size, epsilon, activation }, given, { y: x.shape }).y;
}

export const normalizationGradients: GradientTable = {
  batchNorm(tape, { parameters, tensors }, { y: dy }, wants) {
    const p = parameters as BatchNormParameters;
    const { x, mean, variance, gamma, beta } = tensors;
    const given = { x, dy, mean, variance, gamma, beta };
    const { dgamma, dbeta } = tape.apply(batchNormGradParameters, p, given);
    // Statistics that came from this tape are functions of x, and their share is part of the gradient kernel.
    const frozen = mean.storage.kind !== "transient";
    const gradient = () =>
      tape.apply(batchNormGradInput, { ...p, frozen }, { ...given, dgamma, dbeta }, { dx: x.shape }).dx;
    return {
      x: wants("x") ? gradient() : undefined,
      gamma: wants("gamma") ? dgamma : undefined,
      beta: wants("beta") ? dbeta : undefined,
    };
  },
};
