import body from "../shaders/batchNormGradSums.wgsl";
import {
  channelBindings,
  imageShape,
  type NormParameters,
  normalizedAt,
  normCases,
  normConstants,
  normLength,
  optionalBinding,
  pick,
  varianceInput,
} from "./batchNorm.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type BatchNormGradSumsParameters = NormParameters & {
  /** Whether y is multiplied by a gate, a sigmoid, per plane. */
  gated: boolean;
};

/**
 * The first stage of the gradients of a gated batch norm, or of one whose channels are large: sums of every plane, beside
 * the values of its channel → planes [batch, channels, 8], and the gradient of what the gate is the sigmoid of.
 */
export const batchNormGradSums: Kernel<BatchNormGradSumsParameters> = {
  name: "batchNormGradSums",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    { name: "dy", access: "read", shape: imageShape(p) },
    ...channelBindings(p),
    optionalBinding("gate", p.gated, [p.batch, p.channels], p),
    { name: "planes", access: "write", shape: [p.batch, p.channels, 8] },
    { name: "dgate", access: "write", shape: [p.batch, p.channels] },
  ],
  variants: laneVariants(
    body,
    (p) => ({
      ...pick(normConstants(p), "EPSILON", "SWISH", "PLANES", "CHANNELS", "PIXELS"),
      GATED: Number(p.gated),
    }),
    (p) => p.batch * p.channels,
    (p) => p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 20 : 10) * normLength(p),
  reference(p, buffers) {
    const { x, dy, mean, gamma, beta, gate, planes, dgate } = buffers;
    planes.fill(0);
    dgate.fill(0);
    for (let i = 0; i < x.length; i++) {
      const plane = Math.floor(i / p.pixels);
      const { channel, inverse, normalized, value, derivative } = normalizedAt(p, buffers, i);
      const terms = [
        dy[i] * derivative,
        dy[i] * derivative * normalized,
        derivative,
        derivative * normalized,
      ];
      terms.forEach((term, k) => {
        planes[8 * plane + k] += term;
      });
      planes.set([mean[channel], inverse, gamma[channel], beta[channel]], 8 * plane + 4);
      if (p.gated) dgate[plane] += dy[i] * value * gate[plane] * (1 - gate[plane]);
    }
  },
  cases: normCases.flatMap((p) => [
    { ...p, gated: true },
    { ...p, gated: false },
  ]),
  testInputs: varianceInput,
};
