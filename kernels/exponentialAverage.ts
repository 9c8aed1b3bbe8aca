import shader from "../shaders/exponentialAverage.wgsl";
import { elementwiseConstants, elementwiseWorkgroups } from "./elementwise.ts";
import type { Kernel } from "./kernel.ts";

export type ExponentialAverageParameters = { length: number };

/** average = decay · average + (1 − decay) · values over a flat array, in place. */
export const exponentialAverage: Kernel<ExponentialAverageParameters> = {
  name: "exponentialAverage",
  bindings: ({ length }) => [
    { name: "values", access: "read", shape: [length] },
    { name: "decay", access: "read", shape: [1] },
    { name: "average", access: "readWrite", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ length }) => elementwiseConstants(length),
      workgroups: ({ length }) => elementwiseWorkgroups(length),
    },
  ],
  flops: ({ length }) => 3 * length,
  reference({ length }, { values, decay, average }) {
    for (let i = 0; i < length; i++) average[i] = decay[0] * average[i] + (1 - decay[0]) * values[i];
  },
  cases: [{ length: 1 }, { length: 261 }],
};
