// Scalar losses. Each is a kernel that leaves partial sums over fixed chunks, and the sum of those.
import { chunkReduction } from "../../../kernels/chunks.ts";
import {
  type CosineDistanceParameters,
  cosineDistance as cosineKernel,
} from "../../../kernels/cosineDistance.ts";
import { cosineDistanceGrad } from "../../../kernels/cosineDistanceGrad.ts";
import { type FocalLossParameters, focalLoss as focalKernel } from "../../../kernels/focalLoss.ts";
import { focalLossGrad } from "../../../kernels/focalLossGrad.ts";
import { type HuberLossParameters, huberLoss as huberKernel } from "../../../kernels/huberLoss.ts";
import { huberLossGrad } from "../../../kernels/huberLossGrad.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import { type SquaredDifferenceParameters, squaredDifference } from "../../../kernels/squaredDifference.ts";
import { squaredDifferenceGrad } from "../../../kernels/squaredDifferenceGrad.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { scale } from "./arithmetic.ts";
import { sumLeading } from "./reduction.ts";

export interface FocalLossOptions {
  readonly numClasses: number;
  readonly alpha: number;
  readonly gamma: number;
  readonly labelSmoothing?: number;
}

/**
 * Focal loss of all levels from logits (arXiv 1708.02002; effdet's form), summed and divided by `normalizer` [1].
 * logits [N, anchors·numClasses, 1, pixels] of packed levels with channel = anchor·numClasses + class; classTargets i32
 * [N, A]: the class, −1 background, −2 ignored; pixels beyond the anchors do not count. → [1]
 */
export function focalLoss(
  tape: Tape,
  logits: Tensor,
  classTargets: Tensor,
  normalizer: Tensor,
  { numClasses, labelSmoothing = 0, ...options }: FocalLossOptions,
): Tensor {
  const [batch, channels, height, width] = logits.shape;
  const parameters = {
    batch,
    numClasses,
    perPixel: channels / numClasses,
    pixels: height * width,
    anchors: classTargets.shape[1],
    labelSmoothing,
    ...options,
    ...chunkReduction(elementCount(logits.shape)),
  };
  return sumLeading(tape, tape.apply(focalKernel, parameters, { logits, classTargets, normalizer }).loss);
}

/**
 * Huber loss of all levels' box codes where the target is not exactly 0, summed and divided by 4 · `normalizer` [1].
 * codes [N, anchors·4, 1, pixels] of packed levels with channel = anchor·4 + component; boxTargets f32 [N, A, 4]. → [1]
 */
export function huberBoxLoss(
  tape: Tape,
  codes: Tensor,
  boxTargets: Tensor,
  normalizer: Tensor,
  options: { readonly delta: number },
): Tensor {
  const [batch, channels, height, width] = codes.shape;
  const parameters = {
    batch,
    perPixel: channels / 4,
    pixels: height * width,
    anchors: boxTargets.shape[1],
    ...options,
    ...chunkReduction(elementCount(codes.shape)),
  };
  return sumLeading(tape, tape.apply(huberKernel, parameters, { codes, boxTargets, normalizer }).loss);
}

/** Mean of (a − b)² over all elements → [1]. */
export function meanSquaredError(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const length = elementCount(a.shape);
  const parameters = { length, scale: 1 / length, ...chunkReduction(length) };
  return sumLeading(tape, tape.apply(squaredDifference, parameters, { a, b }).loss);
}

/** Mean over samples and pixels of 1 − cosine of a and b [N,C,H,W] over channels → [1]. */
export function cosineDistance(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const pixels = height * width;
  const parameters = { batch, channels, pixels, ...chunkReduction(batch * pixels, 64) };
  return sumLeading(tape, tape.apply(cosineKernel, parameters, { a, b }).loss);
}

export const lossGradients: GradientTable = {
  focalLoss: (tape, { parameters, tensors: { logits, classTargets, normalizer } }, { loss: upstream }) => {
    const given = { logits, classTargets, normalizer, upstream };
    const p = parameters as FocalLossParameters;
    return { logits: tape.apply(focalLossGrad, p, given, { dlogits: logits.shape }).dlogits };
  },

  huberLoss: (tape, { parameters, tensors: { codes, boxTargets, normalizer } }, { loss: upstream }) => {
    const given = { codes, boxTargets, normalizer, upstream };
    const p = parameters as HuberLossParameters;
    return { codes: tape.apply(huberLossGrad, p, given, { dcodes: codes.shape }).dcodes };
  },

  squaredDifference(tape, { parameters, tensors: { a, b } }, { loss: upstream }, wants) {
    const p = parameters as SquaredDifferenceParameters;
    const da = tape.apply(squaredDifferenceGrad, p, { a, b, upstream }, { da: a.shape }).da;
    return { a: wants("a") ? da : undefined, b: wants("b") ? scale(tape, da, -1) : undefined };
  },

  cosineDistance(tape, { parameters, tensors: { a, b } }, { loss: upstream }, wants) {
    const p = parameters as CosineDistanceParameters;
    const gradient = (of: Tensor, other: Tensor) =>
      tape.apply(cosineDistanceGrad, p, { a: of, b: other, upstream }, { da: of.shape }).da;
    return { a: wants("a") ? gradient(a, b) : undefined, b: wants("b") ? gradient(b, a) : undefined };
  },
};
