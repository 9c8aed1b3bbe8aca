import plain from "../shaders/batchNormStatistics.plain.wgsl";
import tree from "../shaders/batchNormStatistics.wgsl";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type BatchNormStatisticsParameters = {
  batch: number;
  channels: number;
  pixels: number;
  momentum: number;
};

const constants = (p: BatchNormStatisticsParameters): Record<string, number> => ({
  BATCH: p.batch,
  CHANNELS: p.channels,
  PIXELS: p.pixels,
  MOMENTUM: p.momentum,
  WORKGROUP: 64,
});

/**
 * Batch mean and biased variance per channel of x [batch,channels,pixels], and the running statistics' update with
 * PyTorch's conventions: running = (1 − momentum)·running + momentum·batch, the variance unbiased.
 */
export const batchNormStatistics: Kernel<BatchNormStatisticsParameters> = {
  name: "batchNormStatistics",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "mean", access: "write", shape: [p.channels] },
    { name: "variance", access: "write", shape: [p.channels] },
    { name: "runningMean", access: "readWrite", shape: [p.channels] },
    { name: "runningVariance", access: "readWrite", shape: [p.channels] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: (p) => [p.channels, 1, 1],
      barriers: true,
    },
    serialVariant(plain, constants, (p) => p.channels),
  ],
  flops: (p) => 4 * p.batch * p.channels * p.pixels,
  reference(p, { x, mean, variance, runningMean, runningVariance }) {
    const count = p.batch * p.pixels;
    const channelOf = (i: number) => Math.floor(i / p.pixels) % p.channels;
    mean.fill(0);
    variance.fill(0);
    for (let i = 0; i < x.length; i++) mean[channelOf(i)] += x[i] / count;
    for (let i = 0; i < x.length; i++) variance[channelOf(i)] += (x[i] - mean[channelOf(i)]) ** 2 / count;
    for (let c = 0; c < p.channels; c++) {
      const unbiased = (variance[c] * count) / Math.max(count - 1, 1);
      runningMean[c] += p.momentum * (mean[c] - runningMean[c]);
      runningVariance[c] += p.momentum * (unbiased - runningVariance[c]);
    }
  },
  cases: [
    { batch: 1, channels: 1, pixels: 1, momentum: 0.1 },
    { batch: 2, channels: 3, pixels: 1, momentum: 0.01 },
    { batch: 3, channels: 5, pixels: 77, momentum: 0.1 },
    { batch: 3, channels: 11, pixels: 4099, momentum: 0.1 },
  ],
};
