import shader from "../shaders/slice.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** In elements of a row. */
export type SliceParameters = { outer: number; total: number; start: number; size: number };

/** The elements start … start + size of every row of x [outer, total] → [outer, size]. */
export const slice: Kernel<SliceParameters> = {
  name: "slice",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.outer, p.total] },
    { name: "y", access: "write", shape: [p.outer, p.size] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        OUTER: p.outer,
        TOTAL: p.total,
        START: p.start,
        SIZE: p.size,
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.outer * p.size, 64)),
    },
  ],
  flops: () => 0,
  reference(p, { x, y }) {
    for (let outer = 0; outer < p.outer; outer++) {
      const from = outer * p.total + p.start;
      y.set(x.subarray(from, from + p.size), outer * p.size);
    }
  },
  cases: [
    { outer: 1, total: 1, start: 0, size: 1 },
    { outer: 3, total: 42, start: 13, size: 29 },
  ],
};
