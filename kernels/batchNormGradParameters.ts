import plain from "../shaders/batchNormGradParameters.plain.wgsl";
import tree from "../shaders/batchNormGradParameters.wgsl";
import {
  type BatchNormParameters,
  batchNormCases,
  batchNormConstants,
  batchNormLength,
  channelBindings,
  varianceInput,
} from "./batchNorm.ts";
import { swishDerivative } from "./functions.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

const constants = (p: BatchNormParameters): Record<string, number> => ({
  BATCH: p.batch,
  ...batchNormConstants(p),
});

/** Gradients of batchNorm with respect to gamma and beta. */
export const batchNormGradParameters: Kernel<BatchNormParameters> = {
  name: "batchNormGradParameters",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "dy", access: "read", shape: [p.batch, p.channels, p.pixels] },
    ...channelBindings(p),
    { name: "dgamma", access: "write", shape: [p.channels] },
    { name: "dbeta", access: "write", shape: [p.channels] },
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
  flops: (p) => (p.activation === "swish" ? 15 : 5) * batchNormLength(p),
  reference(p, { x, dy, mean, variance, gamma, beta, dgamma, dbeta }) {
    dgamma.fill(0);
    dbeta.fill(0);
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / p.pixels) % p.channels;
      const normalized = (x[i] - mean[c]) / Math.sqrt(variance[c] + p.epsilon);
      const z = gamma[c] * normalized + beta[c];
      const dz = dy[i] * (p.activation === "swish" ? swishDerivative(z) : 1);
      dgamma[c] += dz * normalized;
      dbeta[c] += dz;
    }
  },
  cases: batchNormCases,
  testInputs: varianceInput,
};
