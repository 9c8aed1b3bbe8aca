import shader from "../shaders/sumLeading.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type LeadingParameters = { splits: number; length: number; scale: number };

export const leadingConstants = (p: LeadingParameters): Record<string, number> => ({
  SPLITS: p.splits,
  LENGTH: p.length,
  SCALE: p.scale,
  WORKGROUP: 64,
});

export const leadingCases: readonly LeadingParameters[] = [
  { splits: 1, length: 1, scale: 1 },
  { splits: 7, length: 13, scale: 0.5 },
  { splits: 3, length: 131, scale: -2 },
  { splits: 211, length: 1, scale: 1 },
];

/** scale · sum over the leading dimension of x [splits, length]. */
export const sumLeading: Kernel<LeadingParameters> = {
  name: "sumLeading",
  bindings: ({ splits, length }) => [
    { name: "x", access: "read", shape: [splits, length] },
    { name: "y", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: leadingConstants,
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, 64)),
    },
  ],
  flops: ({ splits, length }) => splits * length,
  reference({ length, scale }, { x, y }) {
    y.fill(0);
    for (let i = 0; i < x.length; i++) y[i % length] += scale * x[i];
  },
  cases: leadingCases,
};
