import body from "../shaders/batchNormTraining.wgsl";
import moments from "../shaders/moments.wgsl";
import segments from "../shaders/segments.wgsl";
import {
  channelCount,
  channelOf,
  imageShape,
  normalizedAt,
  normConstants,
  normLength,
  optionalBinding,
  pick,
  type SegmentedNormParameters,
} from "./batchNorm.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";
import { segmentConstants } from "./segments.ts";

export type BatchNormTrainingParameters = SegmentedNormParameters & {
  momentum: number;
  /** Whether a tensor like y is added after the activation. */
  residual: boolean;
  /** Whether only the mean of every plane of y is wanted. */
  pool: boolean;
};

const example = (
  batch: number,
  channels: number,
  pixels: number,
  options: Partial<BatchNormTrainingParameters> = {},
): BatchNormTrainingParameters => ({
  batch,
  channels,
  pixels,
  epsilon: 1e-3,
  momentum: 0.1,
  activation: "none",
  segments: "",
  residual: false,
  pool: false,
  ...options,
});

/**
 * Batch mean and biased variance per channel of x [batch,channels,pixels], the running statistics' update with PyTorch's
 * conventions (running = (1 − momentum)·running + momentum·batch, the variance unbiased), and y = activation(batch norm
 * of x) + residual, or the means of y's planes.
 */
export const batchNormTraining: Kernel<BatchNormTrainingParameters> = {
  name: "batchNormTraining",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    { name: "gamma", access: "read", shape: [channelCount(p)] },
    { name: "beta", access: "read", shape: [channelCount(p)] },
    optionalBinding("residual", p.residual, imageShape(p), p),
    { name: "y", access: "write", shape: p.pool ? [p.batch, p.channels] : imageShape(p) },
    { name: "mean", access: "write", shape: [channelCount(p)] },
    { name: "variance", access: "write", shape: [channelCount(p)] },
    { name: "runningMean", access: "readWrite", shape: [channelCount(p)] },
    { name: "runningVariance", access: "readWrite", shape: [channelCount(p)] },
  ],
  variants: laneVariants(
    moments + segments + body,
    (p) => ({
      ...pick(normConstants(p), "EPSILON", "SWISH", "BATCH", "CHANNELS", "PIXELS"),
      ...segmentConstants(p),
      MOMENTUM: p.momentum,
      RESIDUAL: Number(p.residual),
      POOL: Number(p.pool),
    }),
    (p) => channelCount(p),
    (p) => p.batch * p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 14 : 10) * normLength(p),
  reference(p, buffers) {
    const { x, residual, y, mean, variance, runningMean, runningVariance } = buffers;
    const count = new Float64Array(mean.length);
    for (const values of [mean, variance, y]) values.fill(0);
    const elements = Array.from(x.keys()).filter((i) => channelOf(p, i) >= 0);
    for (const i of elements) {
      count[channelOf(p, i)]++;
      mean[channelOf(p, i)] += x[i];
    }
    for (let c = 0; c < mean.length; c++) mean[c] /= count[c];
    for (const i of elements) variance[channelOf(p, i)] += (x[i] - mean[channelOf(p, i)]) ** 2;
    for (let c = 0; c < mean.length; c++) variance[c] /= count[c];
    for (const i of elements) {
      const value = normalizedAt(p, buffers, i).value + (p.residual ? residual[i] : 0);
      if (p.pool) y[Math.floor(i / p.pixels)] += value / p.pixels;
      else y[i] = value;
    }
    for (let c = 0; c < mean.length; c++) {
      const unbiased = (variance[c] * count[c]) / Math.max(count[c] - 1, 1);
      runningMean[c] += p.momentum * (mean[c] - runningMean[c]);
      runningVariance[c] += p.momentum * (unbiased - runningVariance[c]);
    }
  },
  cases: [
    example(1, 1, 1),
    example(2, 3, 1, { activation: "swish" }),
    example(3, 5, 77, { residual: true }),
    example(3, 11, 4099, { activation: "swish", momentum: 0.01, epsilon: 1e-5 }),
    example(3, 5, 68, { activation: "swish", pool: true }),
    example(2, 3, 24, { activation: "swish", segments: "15,21,22" }),
    example(3, 5, 336, { segments: "256,320,336", residual: true }),
  ],
};
