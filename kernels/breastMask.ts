import shader from "../shaders/breastMask.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type BreastMaskParameters = {
  length: number;
  /** Below this line integral there is no breast. */
  limit: number;
};

const workgroup = 64;

/** Line integrals [length] within the breast, 0 in air, and the mask of the breast, 1 or 0 → [2, length]. */
export const breastMask: Kernel<BreastMaskParameters> = {
  name: "breastMask",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [2, length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ length, limit }) => ({ LENGTH: length, LIMIT: limit, WORKGROUP: workgroup }),
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, workgroup)),
    },
  ],
  flops: ({ length }) => length,
  reference({ length, limit }, { x, y }) {
    for (let i = 0; i < length; i++) {
      y[i] = x[i] > limit ? x[i] : 0;
      y[length + i] = Number(x[i] > limit);
    }
  },
  cases: [
    { length: 1, limit: 2 },
    { length: 1021, limit: 0.3 },
  ],
};
