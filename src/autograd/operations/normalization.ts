import {
  type BatchNormParameters,
  batchNorm as batchNormKernel,
  type NormParameters,
  type SegmentedNormParameters,
} from "../../../kernels/batchNorm.ts";
import { batchNormGrad } from "../../../kernels/batchNormGrad.ts";
import { batchNormGradInput } from "../../../kernels/batchNormGradInput.ts";
import { batchNormGradSums } from "../../../kernels/batchNormGradSums.ts";
import { batchNormMoments } from "../../../kernels/batchNormMoments.ts";
import { batchNormStatistics } from "../../../kernels/batchNormStatistics.ts";
import { type BatchNormTrainingParameters, batchNormTraining } from "../../../kernels/batchNormTraining.ts";
import type { GradientTable, Operation, Tape } from "../tape.ts";
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
  /**
   * Where runs of pixels end that are normalised apart, "256,320,336"; each of the tensors is then [runs, C]. Default one run
   * of all pixels.
   */
  readonly segments?: string;
}

/**
 * Elements of a channel up to which one workgroup of a GPU takes the whole of it, twice, the second time from its cache of
 * 64 KiB or more: one launch. Larger channels are split, so that few of them fill a GPU too.
 */
const wholeChannel = 16_384;

export const isWhole = (p: NormParameters): boolean => p.batch * p.pixels <= wholeChannel;

export function normParameters(x: Tensor, { epsilon, activation }: BatchNormOptions): NormParameters {
  const [batch, channels, height, width] = x.shape;
  return { batch, channels, pixels: height * width, epsilon, activation };
}

/** Statistics of channels of any size, and the running ones' update. */
export function splitStatistics(
  tape: Tape,
  x: Tensor,
  { runningMean, runningVariance }: BatchNormTensors,
  { batch, channels, pixels }: NormParameters,
  momentum: number,
): { mean: Tensor; variance: Tensor } {
  const { moments } = tape.apply(batchNormMoments, { planes: batch * channels, pixels }, { x });
  const given = { moments, runningMean, runningVariance };
  const { mean, variance } = tape.apply(batchNormStatistics, { batch, channels, pixels, momentum }, given);
  return { mean, variance };
}

/**
 * activation(batch norm of x [N,C,H,W]) → [N,C,H,W] (arXiv 1502.03167).
 * @param residual added to it, of its shape.
 */
export function batchNorm(
  tape: Tape,
  x: Tensor,
  tensors: BatchNormTensors,
  options: BatchNormOptions,
  residual?: Tensor,
): Tensor {
  const { gamma, beta, runningMean, runningVariance } = tensors;
  const { mode, momentum } = options;
  const p = normParameters(x, options);
  const own = { x, gamma, beta, residual: residual ?? gamma };
  const { segments = "" } = options;
  const after = { residual: residual !== undefined, segments };
  if (mode === "training" && (isWhole(p) || segments !== "")) {
    const parameters = { ...p, ...after, momentum, pool: false };
    return tape.apply(batchNormTraining, parameters, { ...own, runningMean, runningVariance }, { y: x.shape })
      .y;
  }
  const statistics =
    mode === "training"
      ? splitStatistics(tape, x, tensors, p, momentum)
      : { mean: runningMean, variance: runningVariance };
  const given = { ...own, ...statistics, gate: gamma };
  return tape.apply(batchNormKernel, { ...p, ...after, gated: false }, given, { y: x.shape }).y;
}

/** Gradients with respect to x, gamma and beta, and to what was added. */
function gradientsOf(
  tape: Tape,
  { tensors }: Operation,
  p: SegmentedNormParameters & { residual: boolean },
  dy: Tensor,
  frozen: boolean,
): Partial<Record<string, Tensor>> {
  const { x, mean, variance, gamma, beta } = tensors;
  const { batch, channels, pixels, epsilon, activation, segments } = p;
  const norm = { batch, channels, pixels, epsilon, activation };
  const given = { x, dy, mean, variance, gamma, beta };
  const shapes = { dx: x.shape };
  const residual = p.residual ? dy : undefined;
  if (isWhole(p) || segments !== "") {
    const { dx, dgamma, dbeta } = tape.apply(batchNormGrad, { ...norm, segments, frozen }, given, shapes);
    return { x: dx, gamma: dgamma, beta: dbeta, residual };
  }
  const { planes } = tape.apply(batchNormGradSums, { ...norm, gated: false }, { ...given, gate: gamma });
  const second = { x, dy, planes, gate: gamma, dpool: gamma };
  const parameters = { ...norm, frozen, gated: false };
  const { dx, dgamma, dbeta } = tape.apply(batchNormGradInput, parameters, second, shapes);
  return { x: dx, gamma: dgamma, beta: dbeta, residual };
}

export const normalizationGradients: GradientTable = {
  batchNormTraining: (tape, operation, { y: dy }) =>
    gradientsOf(tape, operation, operation.parameters as BatchNormTrainingParameters, dy, false),

  // Statistics that came from this tape are functions of x, and their share is part of the gradient kernel.
  batchNorm: (tape, operation, { y: dy }) =>
    gradientsOf(
      tape,
      operation,
      operation.parameters as BatchNormParameters,
      dy,
      operation.tensors.mean.storage.kind !== "transient",
    ),
};
