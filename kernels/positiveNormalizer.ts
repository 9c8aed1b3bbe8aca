import shader from "../shaders/positiveNormalizer.wgsl";
import type { Kernel } from "./kernel.ts";

export type PositiveNormalizerParameters = { length: number };

/** Number of matches that are not −1, plus 1 → [1]. */
export const positiveNormalizer: Kernel<PositiveNormalizerParameters> = {
  name: "positiveNormalizer",
  bindings: ({ length }) => [
    { name: "matches", access: "read", shape: [length], dtype: "i32" },
    { name: "normalizer", access: "write", shape: [1] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ length }) => ({ LENGTH: length, WORKGROUP: 256 }),
      workgroups: () => [1, 1, 1],
    },
  ],
  flops: ({ length }) => length,
  reference(_, { matches, normalizer }) {
    normalizer[0] = 1 + matches.filter((match) => match >= 0).length;
  },
  cases: [{ length: 1 }, { length: 257 }, { length: 10_007 }],
  testInputs: ({ length }) => ({ matches: Float64Array.from({ length }, (_, i) => (i % 5) - 2) }),
};
