import shader from "../shaders/broadcastLeading.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";
import { type LeadingParameters, leadingCases, leadingConstants } from "./sumLeading.ts";

/** Gradient of sumLeading: x [length] repeated along a leading dimension, scaled. */
export const broadcastLeading: Kernel<LeadingParameters> = {
  name: "broadcastLeading",
  bindings: ({ splits, length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [splits, length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: leadingConstants,
      workgroups: ({ splits, length }) => linearWorkgroups(divideUp(splits * length, 64)),
    },
  ],
  flops: ({ splits, length }) => splits * length,
  reference({ length, scale }, { x, y }) {
    for (let i = 0; i < y.length; i++) y[i] = scale * x[i % length];
  },
  cases: leadingCases,
};
