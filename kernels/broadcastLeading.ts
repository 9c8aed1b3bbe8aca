import shader from "../shaders/broadcastLeading.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type BroadcastLeadingParameters = { splits: number; length: number };

/** Gradient of sumLeading: x [length] repeated along a leading dimension. */
export const broadcastLeading: Kernel<BroadcastLeadingParameters> = {
  name: "broadcastLeading",
  bindings: ({ splits, length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [splits, length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ splits, length }) => ({ SPLITS: splits, LENGTH: length, WORKGROUP: 64 }),
      workgroups: ({ splits, length }) => linearWorkgroups(divideUp(splits * length, 64)),
    },
  ],
  flops: () => 0,
  reference({ length }, { x, y }) {
    for (let i = 0; i < y.length; i++) y[i] = x[i % length];
  },
  cases: [
    { splits: 1, length: 1 },
    { splits: 7, length: 13 },
    { splits: 211, length: 1 },
  ],
};
