import body from "../shaders/batchNormGrad.wgsl";
import {
  channelBindings,
  imageShape,
  type NormParameters,
  normalizedAt,
  normCases,
  normConstants,
  normLength,
  pick,
  varianceInput,
} from "./batchNorm.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type BatchNormGradParameters = NormParameters & {
  /** Whether mean and variance are constants rather than functions of x. */
  frozen: boolean;
};

/** Gradients of activation(batch norm of x) with respect to x, gamma and beta. */
export const batchNormGrad: Kernel<BatchNormGradParameters> = {
  name: "batchNormGrad",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    { name: "dy", access: "read", shape: imageShape(p) },
    ...channelBindings(p),
    { name: "dgamma", access: "write", shape: [p.channels] },
    { name: "dbeta", access: "write", shape: [p.channels] },
    { name: "dx", access: "write", shape: imageShape(p) },
  ],
  variants: laneVariants(
    body,
    (p) => ({
      ...pick(normConstants(p), "EPSILON", "SWISH", "BATCH", "CHANNELS", "PIXELS"),
      FROZEN: Number(p.frozen),
    }),
    (p) => p.channels,
    (p) => p.batch * p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 22 : 12) * normLength(p),
  reference(p, buffers) {
    const { x, dy, gamma, dgamma, dbeta, dx } = buffers;
    dgamma.fill(0);
    dbeta.fill(0);
    for (let i = 0; i < x.length; i++) {
      const { channel, normalized, derivative } = normalizedAt(p, buffers, i);
      dgamma[channel] += dy[i] * derivative * normalized;
      dbeta[channel] += dy[i] * derivative;
    }
    for (let i = 0; i < x.length; i++) {
      const { channel: c, inverse, normalized, derivative } = normalizedAt(p, buffers, i);
      const shared = p.frozen ? 0 : (dbeta[c] + normalized * dgamma[c]) / (p.batch * p.pixels);
      dx[i] = gamma[c] * inverse * (dy[i] * derivative - shared);
    }
  },
  cases: normCases.flatMap((p) => [
    { ...p, frozen: true },
    { ...p, frozen: false },
  ]),
  testInputs: varianceInput,
};
