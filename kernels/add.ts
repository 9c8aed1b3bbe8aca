import shader from "../shaders/add.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import type { Kernel } from "./kernel.ts";

export type AddParameters = { length: number; alpha: number; beta: number };

/** y = alpha·a + beta·b. */
export const add: Kernel<AddParameters> = {
  name: "add",
  bindings: ({ length }) => [
    { name: "a", access: "read", shape: [length] },
    { name: "b", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: ({ length, alpha, beta }, tuning) => ({
        ...elementwiseConstants(length, tuning),
        ALPHA: alpha,
        BETA: beta,
      }),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 3 * length,
  reference({ alpha, beta }, { a, b, y }) {
    for (let i = 0; i < y.length; i++) y[i] = alpha * a[i] + beta * b[i];
  },
  cases: [
    { length: 1, alpha: 1, beta: 1 },
    { length: 257, alpha: 0.5, beta: -2 },
    { length: 1021, alpha: 1, beta: 1 },
  ],
};
