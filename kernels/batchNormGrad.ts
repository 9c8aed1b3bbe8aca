import body from "../shaders/batchNormGrad.wgsl";
import segments from "../shaders/segments.wgsl";
import {
  channelBindings,
  channelCount,
  channelOf,
  imageShape,
  normalizedAt,
  normConstants,
  normLength,
  pick,
  type SegmentedNormParameters,
  segmentedCases,
  varianceInput,
} from "./batchNorm.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";
import { segmentConstants } from "./segments.ts";

export type BatchNormGradParameters = SegmentedNormParameters & {
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
    { name: "dgamma", access: "write", shape: [channelCount(p)] },
    { name: "dbeta", access: "write", shape: [channelCount(p)] },
    { name: "dx", access: "write", shape: imageShape(p) },
  ],
  variants: laneVariants(
    segments + body,
    (p) => ({
      ...segmentConstants(p),
      ...pick(normConstants(p), "EPSILON", "SWISH", "BATCH", "CHANNELS", "PIXELS"),
      FROZEN: Number(p.frozen),
    }),
    (p) => channelCount(p),
    (p) => p.batch * p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 22 : 12) * normLength(p),
  reference(p, buffers) {
    const { x, dy, gamma, dgamma, dbeta, dx } = buffers;
    for (const values of [dgamma, dbeta, dx]) values.fill(0);
    const count = new Float64Array(dgamma.length);
    const elements = Array.from(x.keys()).filter((i) => channelOf(p, i) >= 0);
    for (const i of elements) {
      count[channelOf(p, i)]++;
      const { channel, normalized, derivative } = normalizedAt(p, buffers, i);
      dgamma[channel] += dy[i] * derivative * normalized;
      dbeta[channel] += dy[i] * derivative;
    }
    for (const i of elements) {
      const { channel: c, inverse, normalized, derivative } = normalizedAt(p, buffers, i);
      const shared = p.frozen ? 0 : (dbeta[c] + normalized * dgamma[c]) / count[c];
      dx[i] = gamma[c] * inverse * (dy[i] * derivative - shared);
    }
  },
  cases: segmentedCases.flatMap((p) => [
    { ...p, frozen: true },
    { ...p, frozen: false },
  ]),
  testInputs: varianceInput,
  tolerance: {
    absolute: 4e-5,
    relative: 2e-5,
    reason: "dgamma and dbeta sum up to 12,297 terms, which cancel where their roundings do not",
  },
};
