import shader from "../shaders/foldBatchNorm.wgsl";
import { divideUp, type Kernel } from "./kernel.ts";

export type FoldBatchNormParameters = {
  /** Channels of all norms together. */
  channels: number;
  /** Elements of the flat arrays that hold gamma and beta, and the running statistics. */
  parameters: number;
  statistics: number;
};

/** What a channel's row of `sources` names, in order. */
export const foldedSources = ["gamma", "beta", "mean", "variance"] as const;

const workgroup = 64;

/**
 * The slope gamma/√(variance + epsilon) and the offset beta − mean · slope of every channel, norm [channels, 2]. A row of
 * `sources` says where in the flat arrays a channel's gamma and beta, mean and variance are.
 */
export const foldBatchNorm: Kernel<FoldBatchNormParameters> = {
  name: "foldBatchNorm",
  bindings: (p) => [
    { name: "parameters", access: "read", shape: [p.parameters], touched: 2 * p.channels },
    { name: "statistics", access: "read", shape: [p.statistics], touched: 2 * p.channels },
    { name: "sources", access: "read", shape: [p.channels, 4], dtype: "u32" },
    { name: "epsilon", access: "read", shape: [p.channels] },
    { name: "norm", access: "write", shape: [p.channels, 2] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ CHANNELS: p.channels, WORKGROUP: workgroup }),
      workgroups: (p) => [divideUp(p.channels, workgroup), 1, 1],
    },
  ],
  flops: (p) => 4 * p.channels,
  reference(p, { parameters, statistics, sources, epsilon, norm }) {
    for (let channel = 0; channel < p.channels; channel++) {
      const [gamma, beta, mean, variance] = sources.subarray(4 * channel);
      const slope = parameters[gamma] / Math.sqrt(statistics[variance] + epsilon[channel]);
      norm[2 * channel] = slope;
      norm[2 * channel + 1] = parameters[beta] - statistics[mean] * slope;
    }
  },
  cases: [
    { channels: 1, parameters: 2, statistics: 2 },
    { channels: 131, parameters: 67, statistics: 41 },
  ],
  /** Statistics are positive, since any of them may be a variance. */
  testInputs: (p, uniform) => {
    const at = (length: number) => Math.floor(((uniform() + 2) / 4) * length) % length;
    const rows = Array.from({ length: 4 * p.channels }, (_, i) =>
      at(i % 4 < 2 ? p.parameters : p.statistics),
    );
    return {
      statistics: Float64Array.from({ length: p.statistics }, () => 0.25 + Math.abs(uniform())),
      sources: Float64Array.from(rows),
      epsilon: Float64Array.from({ length: p.channels }, () => 1e-3 * Math.abs(uniform())),
    };
  },
};
