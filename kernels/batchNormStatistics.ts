import shader from "../shaders/batchNormStatistics.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type BatchNormStatisticsParameters = {
  batch: number;
  channels: number;
  pixels: number;
  momentum: number;
};

/**
 * Batch mean and biased variance per channel from the moments [batch,channels,2] of its planes, and the running
 * statistics' update with PyTorch's conventions: running = (1 − momentum)·running + momentum·batch, the variance unbiased.
 */
export const batchNormStatistics: Kernel<BatchNormStatisticsParameters> = {
  name: "batchNormStatistics",
  bindings: (p) => [
    { name: "moments", access: "read", shape: [p.batch, p.channels, 2] },
    { name: "mean", access: "write", shape: [p.channels] },
    { name: "variance", access: "write", shape: [p.channels] },
    { name: "runningMean", access: "readWrite", shape: [p.channels] },
    { name: "runningVariance", access: "readWrite", shape: [p.channels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        BATCH: p.batch,
        CHANNELS: p.channels,
        PIXELS: p.pixels,
        MOMENTUM: p.momentum,
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.channels, 64)),
    },
  ],
  flops: (p) => 6 * p.batch * p.channels,
  reference(p, { moments, mean, variance, runningMean, runningVariance }) {
    const count = p.batch * p.pixels;
    for (let c = 0; c < p.channels; c++) {
      const planes = Array.from({ length: p.batch }, (_, n) => 2 * (n * p.channels + c));
      mean[c] = planes.reduce((sum, at) => sum + moments[at], 0) / p.batch;
      const squares = planes.reduce(
        (sum, at) => sum + moments[at + 1] + p.pixels * (moments[at] - mean[c]) ** 2,
        0,
      );
      variance[c] = squares / count;
      runningMean[c] += p.momentum * (mean[c] - runningMean[c]);
      runningVariance[c] += p.momentum * (squares / Math.max(count - 1, 1) - runningVariance[c]);
    }
  },
  cases: [
    { batch: 1, channels: 1, pixels: 1, momentum: 0.1 },
    { batch: 2, channels: 3, pixels: 1, momentum: 0.01 },
    { batch: 13, channels: 67, pixels: 77, momentum: 0.1 },
  ],
};
