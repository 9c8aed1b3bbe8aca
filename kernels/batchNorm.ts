import shader from "../shaders/batchNorm.wgsl";
import { elementwiseWorkgroups } from "./elementwise.ts";
import { swish } from "./functions.ts";
import type { Binding, Buffers, Kernel } from "./kernel.ts";

export type BatchNormParameters = {
  batch: number;
  channels: number;
  pixels: number;
  epsilon: number;
  activation: "none" | "swish";
};

export const batchNormLength = (p: BatchNormParameters): number => p.batch * p.channels * p.pixels;

export function batchNormConstants(p: BatchNormParameters): Record<string, number> {
  return {
    CHANNELS: p.channels,
    PIXELS: p.pixels,
    EPSILON: p.epsilon,
    SWISH: Number(p.activation === "swish"),
    WORKGROUP: 64,
  };
}

/** Vec4s that one invocation takes: several where they lie in one channel, whose values are then loaded once. */
export const quadsEach = (p: BatchNormParameters): number => (p.pixels % 16 === 0 ? 4 : 1);

/** The bindings of the per-channel values that normalisation and its gradients read. */
export function channelBindings(p: BatchNormParameters): Binding[] {
  return ["mean", "variance", "gamma", "beta"].map((name) => ({ name, access: "read", shape: [p.channels] }));
}

/** Variances are positive. */
export function varianceInput(p: BatchNormParameters, uniform: () => number): Buffers {
  return { variance: Float64Array.from({ length: p.channels }, () => 0.25 + Math.abs(uniform())) };
}

const example = (
  batch: number,
  channels: number,
  pixels: number,
  activation: "none" | "swish",
  epsilon = 1e-3,
): BatchNormParameters => ({ batch, channels, pixels, epsilon, activation });

export const batchNormCases: readonly BatchNormParameters[] = [
  example(1, 1, 1, "none"),
  example(2, 3, 1, "swish"),
  example(3, 5, 7, "swish", 1e-5),
  example(2, 3, 16, "none"),
  example(2, 7, 68, "swish"),
  example(3, 11, 4099, "swish"),
];

/** y = activation(gamma·(x − mean)/√(variance + epsilon) + beta), x [batch,channels,pixels]. */
export const batchNorm: Kernel<BatchNormParameters> = {
  name: "batchNorm",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    ...channelBindings(p),
    { name: "y", access: "write", shape: [p.batch, p.channels, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ ...batchNormConstants(p), LENGTH: batchNormLength(p), QUADS: quadsEach(p) }),
      workgroups: (p) => elementwiseWorkgroups(batchNormLength(p) / quadsEach(p)),
    },
  ],
  flops: (p) => (p.activation === "swish" ? 7 : 3) * batchNormLength(p),
  reference(p, { x, mean, variance, gamma, beta, y }) {
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / p.pixels) % p.channels;
      const z = (gamma[c] * (x[i] - mean[c])) / Math.sqrt(variance[c] + p.epsilon) + beta[c];
      y[i] = p.activation === "swish" ? swish(z) : z;
    }
  },
  cases: batchNormCases,
  testInputs: varianceInput,
};
