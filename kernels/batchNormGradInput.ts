import body from "../shaders/batchNormGradInput.wgsl";
import {
  imageShape,
  type NormParameters,
  normCases,
  normConstants,
  normLength,
  optionalBinding,
  pick,
} from "./batchNorm.ts";
import { swishDerivative } from "./functions.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type BatchNormGradInputParameters = NormParameters & {
  /** Whether mean and variance are constants rather than functions of x. */
  frozen: boolean;
  /** Whether y is multiplied by a gate per plane, which is itself a function of the plane's mean. */
  gated: boolean;
};

/**
 * The second stage of the gradients of a batch norm: those with respect to x, gamma and beta from the planes' sums that
 * batchNormGradSums makes, and from the gradient dpool of the mean of every plane before the gate.
 */
export const batchNormGradInput: Kernel<BatchNormGradInputParameters> = {
  name: "batchNormGradInput",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    { name: "dy", access: "read", shape: imageShape(p) },
    { name: "planes", access: "read", shape: [p.batch, p.channels, 8] },
    optionalBinding("gate", p.gated, [p.batch, p.channels], p),
    optionalBinding("dpool", p.gated, [p.batch, p.channels], p),
    { name: "dgamma", access: "write", shape: [p.channels] },
    { name: "dbeta", access: "write", shape: [p.channels] },
    { name: "dx", access: "write", shape: imageShape(p) },
  ],
  variants: laneVariants(
    body,
    (p) => ({
      ...pick(normConstants(p), "SWISH", "BATCH", "CHANNELS", "PIXELS"),
      FROZEN: Number(p.frozen),
      GATED: Number(p.gated),
    }),
    (p) => p.batch * p.channels,
    (p) => p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 19 : 9) * normLength(p),
  reference(p, { x, dy, planes, gate, dpool, dgamma, dbeta, dx }) {
    const upstreamOf = (plane: number) => (p.gated ? [gate[plane], dpool[plane] / p.pixels] : [1, 0]);
    dgamma.fill(0);
    dbeta.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const [g, d] = upstreamOf(plane);
      const sums = planes.subarray(8 * plane);
      dbeta[plane % p.channels] += g * sums[0] + d * sums[2];
      dgamma[plane % p.channels] += g * sums[1] + d * sums[3];
    }
    for (let i = 0; i < x.length; i++) {
      const plane = Math.floor(i / p.pixels);
      const c = plane % p.channels;
      const [mean, inverse, gamma, beta] = planes.subarray(8 * plane + 4);
      const normalized = (x[i] - mean) * inverse;
      const [g, d] = upstreamOf(plane);
      const slope = p.activation === "swish" ? swishDerivative(gamma * normalized + beta) : 1;
      const shared = p.frozen ? 0 : (dbeta[c] + normalized * dgamma[c]) / (p.batch * p.pixels);
      dx[i] = gamma * inverse * ((g * dy[i] + d) * slope - shared);
    }
  },
  cases: normCases.flatMap((p) => [
    { ...p, frozen: false, gated: true },
    { ...p, frozen: true, gated: true },
    { ...p, frozen: false, gated: false },
  ]),
};
