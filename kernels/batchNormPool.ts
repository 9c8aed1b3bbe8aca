import body from "../shaders/batchNormPool.wgsl";
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

/** Mean of every plane of activation(batch norm of x with given statistics) → [batch, channels]. */
export const batchNormPool: Kernel<NormParameters> = {
  name: "batchNormPool",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    ...channelBindings(p),
    { name: "y", access: "write", shape: [p.batch, p.channels] },
  ],
  variants: laneVariants(
    body,
    (p) => pick(normConstants(p), "EPSILON", "SWISH", "PLANES", "CHANNELS", "PIXELS"),
    (p) => p.batch * p.channels,
    (p) => p.pixels,
  ),
  flops: (p) => (p.activation === "swish" ? 8 : 4) * normLength(p),
  reference(p, buffers) {
    const { x, y } = buffers;
    y.fill(0);
    for (let i = 0; i < x.length; i++)
      y[Math.floor(i / p.pixels)] += normalizedAt(p, buffers, i).value / p.pixels;
  },
  cases: [
    ...normCases,
    // More workgroups than fit in one row.
    { batch: 1, channels: 65_537, pixels: 3, epsilon: 1e-3, activation: "none" },
  ],
  testInputs: varianceInput,
};
