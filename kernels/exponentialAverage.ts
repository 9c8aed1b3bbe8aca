import shader from "../shaders/exponentialAverage.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import type { Kernel } from "./kernel.ts";

export type ExponentialAverageParameters = { length: number };

/** average += rate · (values − average) over a flat array, in place. */
export const exponentialAverage: Kernel<ExponentialAverageParameters> = {
  name: "exponentialAverage",
  bindings: ({ length }) => [
    { name: "values", access: "read", shape: [length] },
    { name: "rate", access: "read", shape: [1] },
    { name: "average", access: "readWrite", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: ({ length }, tuning) => elementwiseConstants(length, tuning),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 3 * length,
  reference({ length }, { values, rate, average }) {
    for (let i = 0; i < length; i++) average[i] += rate[0] * (values[i] - average[i]);
  },
  cases: [{ length: 1 }, { length: 261 }],
};
