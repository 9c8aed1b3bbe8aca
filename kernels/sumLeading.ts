import plain from "../shaders/sumLeading.plain.wgsl";
import whole from "../shaders/sumLeading.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** The most tensors that one launch sums. */
export const maxSummands = 6;

/** `splits_k`: the leading extent of summand k; 0 where there is none, from the last one on. */
export type SumLeadingParameters = { length: number } & { [Key in `splits${0 | 1 | 2 | 3 | 4 | 5}`]: number };

const indices = [0, 1, 2, 3, 4, 5] as const;

/** @param splits the leading extent of every summand; 1 to 6 of them. */
export function sumLeadingParameters(length: number, splits: readonly number[]): SumLeadingParameters {
  const [splits0, splits1 = 0, splits2 = 0, splits3 = 0, splits4 = 0, splits5 = 0] = splits;
  return { length, splits0, splits1, splits2, splits3, splits4, splits5 };
}

const splitsOf = (p: SumLeadingParameters): number[] => indices.map((index) => p[`splits${index}`]);

const countOf = (p: SumLeadingParameters): number => splitsOf(p).filter((splits) => splits > 0).length;

const splitConstants = (p: SumLeadingParameters): Record<string, number> =>
  Object.fromEntries(splitsOf(p).map((splits, index) => [`SPLITS${index}`, splits]));

/** Few invocations, so that a short sum of many parts still keeps every core of a CPU busy. */
const plainWorkgroup = 32;

/** Sum of one to six tensors x_k [splits_k, length] and over their leading dimensions → [length]. */
export const sumLeading: Kernel<SumLeadingParameters> = {
  name: "sumLeading",
  bindings: (p) => [
    ...splitsOf(p).map((splits, index) => ({
      name: `x${index}`,
      access: "read" as const,
      shape: splits > 0 ? [splits, p.length] : [1],
    })),
    { name: "y", access: "write", shape: [p.length] },
  ],
  variants: [
    {
      name: "whole",
      shader: whole,
      tunables: elementwiseTunables,
      constants: (p, tuning) => ({ COUNT: countOf(p), ...elementwiseConstants(p.length, tuning) }),
      workgroups: (p, tuning) => elementwiseWorkgroups(p.length, tuning),
      supports: (p) => splitsOf(p).every((splits) => splits <= 1),
    },
    {
      name: "plain",
      shader: plain,
      constants: (p) => ({
        ...splitConstants(p),
        COUNT: countOf(p),
        LENGTH: p.length,
        WORKGROUP: plainWorkgroup,
      }),
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, plainWorkgroup)),
    },
  ],
  flops: (p) => p.length * splitsOf(p).reduce((sum, splits) => sum + splits, 0),
  reference(p, buffers) {
    const { y } = buffers;
    y.fill(0);
    splitsOf(p).forEach((splits, index) => {
      for (let i = 0; i < splits * p.length; i++) y[i % p.length] += buffers[`x${index}`][i];
    });
  },
  cases: [
    sumLeadingParameters(1, [1]),
    sumLeadingParameters(13, [7]),
    sumLeadingParameters(131, [3, 9]),
    sumLeadingParameters(1, [211]),
    sumLeadingParameters(257, [1, 1]),
    sumLeadingParameters(1021, [1, 1, 1]),
    sumLeadingParameters(6, [1, 1, 1, 1, 1, 1]),
    sumLeadingParameters(37, [1, 16, 8, 1, 17, 31]),
  ],
};
