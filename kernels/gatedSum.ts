import shader from "../shaders/gatedSum.wgsl";
import { wideInput } from "./activation.ts";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { sigmoid } from "./functions.ts";
import type { Kernel } from "./kernel.ts";

export type GatedSumParameters = { length: number };

export const gatedSumCases: readonly GatedSumParameters[] = [
  { length: 1 },
  { length: 257 },
  { length: 1021 },
];

/** y = s·a + (1 − s)·b with s = sigmoid(gate): each element from the one or the other. */
export const gatedSum: Kernel<GatedSumParameters> = {
  name: "gatedSum",
  bindings: ({ length }) => [
    { name: "a", access: "read", shape: [length] },
    { name: "b", access: "read", shape: [length] },
    { name: "gate", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [length] },
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
  flops: ({ length }) => 7 * length,
  reference(_, { a, b, gate, y }) {
    for (let i = 0; i < y.length; i++) y[i] = b[i] + sigmoid(gate[i]) * (a[i] - b[i]);
  },
  cases: gatedSumCases,
  testInputs: ({ length }, uniform) => ({ gate: wideInput(length, uniform) }),
};
