import shader from "../shaders/concat.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** How many inputs one concatenation takes: WebGPU promises eight storage buffers a shader. */
export const mostConcatenated = 6;

export type ConcatParameters = {
  outer: number;
  /** Elements of a row of y, and zeros at its start. */
  total: number;
  lead: number;
  /** Elements of a row of each input; 0 for one that does not count, whose binding repeats the first. */
  size0: number;
  size1: number;
  size2: number;
  size3: number;
  size4: number;
  size5: number;
};

export const concatSizes = (p: ConcatParameters): number[] => [
  p.size0,
  p.size1,
  p.size2,
  p.size3,
  p.size4,
  p.size5,
];

/** @throws Error for more inputs than a concatenation takes. */
export function concatParameters(
  outer: number,
  sizes: readonly number[],
  total = sizes.reduce((sum, size) => sum + size, 0),
  lead = 0,
): ConcatParameters {
  if (sizes.length > mostConcatenated)
    throw new Error(`concat: ${sizes.length} inputs, it takes at most ${mostConcatenated}`);
  const [size0 = 0, size1 = 0, size2 = 0, size3 = 0, size4 = 0, size5 = 0] = sizes;
  return { outer, total, lead, size0, size1, size2, size3, size4, size5 };
}

/** `lead` zeros, x_k [outer, size_k] side by side, and zeros again → y [outer, total]. */
export const concat: Kernel<ConcatParameters> = {
  name: "concat",
  bindings: (p) => [
    ...concatSizes(p).map((size, index) => ({
      name: `x${index}`,
      access: "read" as const,
      shape: [p.outer, size || p.size0],
    })),
    { name: "y", access: "write", shape: [p.outer, p.total] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        OUTER: p.outer,
        TOTAL: p.total,
        LEAD: p.lead,
        ...Object.fromEntries(concatSizes(p).map((size, index) => [`SIZE${index}`, size])),
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.outer * p.total, 64)),
    },
  ],
  flops: () => 0,
  reference(p, buffers) {
    buffers.y.fill(0);
    for (let outer = 0; outer < p.outer; outer++) {
      let at = outer * p.total + p.lead;
      concatSizes(p).forEach((size, index) => {
        buffers.y.set(buffers[`x${index}`].subarray(outer * size, (outer + 1) * size), at);
        at += size;
      });
    }
  },
  cases: [
    concatParameters(1, [1]),
    concatParameters(3, [13, 29]),
    concatParameters(5, [31, 7, 4, 1, 2], 48),
    concatParameters(2, [3, 5, 7, 11, 13, 17]),
    concatParameters(3, [5], 13, 7),
  ],
};
