import plain from "../shaders/positiveNormalizer.plain.wgsl";
import tree from "../shaders/positiveNormalizer.wgsl";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type PositiveNormalizerParameters = { length: number };

const constants = ({ length }: PositiveNormalizerParameters): Record<string, number> => ({
  LENGTH: length,
  WORKGROUP: 256,
});

/** Number of matches that are not −1, plus 1 → [1]. */
export const positiveNormalizer: Kernel<PositiveNormalizerParameters> = {
  name: "positiveNormalizer",
  bindings: ({ length }) => [
    { name: "matches", access: "read", shape: [length], dtype: "i32" },
    { name: "normalizer", access: "write", shape: [1] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: () => [1, 1, 1],
      barriers: true,
    },
    serialVariant(plain, constants, () => 1),
  ],
  flops: ({ length }) => length,
  reference(_, { matches, normalizer }) {
    normalizer[0] = 1 + matches.filter((match) => match >= 0).length;
  },
  cases: [{ length: 1 }, { length: 257 }, { length: 1024 }, { length: 10_007 }],
  testInputs: ({ length }) => ({ matches: Float64Array.from({ length }, (_, i) => (i % 5) - 2) }),
};
