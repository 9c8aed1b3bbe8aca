import shader from "../shaders/batchNormGradInput.wgsl";
import {
  type BatchNormParameters,
  batchNormCases,
  batchNormConstants,
  batchNormLength,
  channelBindings,
  quadsEach,
  varianceInput,
} from "./batchNorm.ts";
import { elementwiseWorkgroups } from "./elementwise.ts";
import { swishDerivative } from "./functions.ts";
import type { Kernel } from "./kernel.ts";

export type BatchNormGradInputParameters = BatchNormParameters & {
  /** Whether mean and variance are constants rather than functions of x. */
  frozen: boolean;
};

/** Gradient of batchNorm with respect to x, given those with respect to gamma and beta. */
export const batchNormGradInput: Kernel<BatchNormGradInputParameters> = {
  name: "batchNormGradInput",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "dy", access: "read", shape: [p.batch, p.channels, p.pixels] },
    ...channelBindings(p),
    { name: "dgamma", access: "read", shape: [p.channels] },
    { name: "dbeta", access: "read", shape: [p.channels] },
    { name: "dx", access: "write", shape: [p.batch, p.channels, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        ...batchNormConstants(p),
        LENGTH: batchNormLength(p),
        QUADS: quadsEach(p),
        FROZEN: Number(p.frozen),
      }),
      workgroups: (p) => elementwiseWorkgroups(batchNormLength(p) / quadsEach(p)),
    },
  ],
  flops: (p) => (p.activation === "swish" ? 17 : 7) * batchNormLength(p),
  reference(p, { x, dy, mean, variance, gamma, beta, dgamma, dbeta, dx }) {
    const count = p.batch * p.pixels;
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / p.pixels) % p.channels;
      const inverse = 1 / Math.sqrt(variance[c] + p.epsilon);
      const normalized = (x[i] - mean[c]) * inverse;
      const z = gamma[c] * normalized + beta[c];
      const dz = dy[i] * (p.activation === "swish" ? swishDerivative(z) : 1);
      const shared = p.frozen ? 0 : (dbeta[c] + normalized * dgamma[c]) / count;
      dx[i] = gamma[c] * inverse * (dz - shared);
    }
  },
  cases: batchNormCases.flatMap((p) => [
    { ...p, frozen: true },
    { ...p, frozen: false },
  ]),
  testInputs: varianceInput,
};
