import shader from "../shaders/transmit.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import type { Kernel } from "./kernel.ts";

export type TransmitParameters = {
  length: number;
  /** Of the exposure that `open` was set for. */
  share: number;
};

/** Photons behind what the beam passes: share · open · exp(−x), for line integrals x [length] and open [1]. */
export const transmit: Kernel<TransmitParameters> = {
  name: "transmit",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "open", access: "read", shape: [1] },
    { name: "y", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: ({ length, share }, tuning) => ({ ...elementwiseConstants(length, tuning), SHARE: share }),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 10 * length,
  reference({ share }, { x, open, y }) {
    for (let i = 0; i < y.length; i++) y[i] = share * open[0] * Math.exp(-x[i]);
  },
  cases: [
    { length: 1, share: 1 },
    { length: 1021, share: 0.072 },
  ],
};
