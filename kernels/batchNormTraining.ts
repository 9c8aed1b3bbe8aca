import body from "../shaders/batchNormTraining.wgsl";
import moments from "../shaders/moments.wgsl";
import {
  imageShape,
  type NormParameters,
  normalizedAt,
  normConstants,
  normLength,
  optionalBinding,
  pick,
} from "./batchNorm.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type BatchNormTrainingParameters = NormParameters & {
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
    { name: "gamma", access: "read", shape: [p.channels] },
    { name: "beta", access: "read", shape: [p.channels] },
    optionalBinding("residual", p.residual, imageShape(p), p),
    { name: "y", access: "write", shape: p.pool ? [p.batch, p.channels] : imageShape(p) },
    { name: "mean", access: "write", shape: [p.channels] },
    { name: "variance", access: "write", shape: [p.channels] },
    { name: "runningMean", access: "readWrite", shape: [p.channels] },
    { name: "runningVariance", access: "readWrite", shape: [p.channels] },
  ],
  variants: laneVariants(
    moments + body,
    (p) => ({
      ...pick(normConstants(p), "EPSILON", "SWISH", "BATCH", "CHANNELS", "PIXELS"),
      MOMENTUM: p.momentum,
      RESIDUAL: Number(p.residual),
      POOL: Number(p.pool),
    }),
    (p) => p.channels,
    (p) => p.batch * p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 14 : 10) * normLength(p),
  reference(p, buffers) {
    const { x, residual, y, mean, variance, runningMean, runningVariance } = buffers;
    const count = p.batch * p.pixels;
    const channelOf = (i: number) => Math.floor(i / p.pixels) % p.channels;
    mean.fill(0);
    variance.fill(0);
    if (p.pool) y.fill(0);
    for (let i = 0; i < x.length; i++) mean[channelOf(i)] += x[i] / count;
    for (let i = 0; i < x.length; i++) variance[channelOf(i)] += (x[i] - mean[channelOf(i)]) ** 2 / count;
    for (let i = 0; i < x.length; i++) {
      const value = normalizedAt(p, buffers, i).value + (p.residual ? residual[i] : 0);
      if (p.pool) y[Math.floor(i / p.pixels)] += value / p.pixels;
      else y[i] = value;
    }
    for (let c = 0; c < p.channels; c++) {
      const unbiased = (variance[c] * count) / Math.max(count - 1, 1);
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
  ],
};
