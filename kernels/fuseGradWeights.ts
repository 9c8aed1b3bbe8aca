import plain from "../shaders/fuseGradWeights.plain.wgsl";
import tree from "../shaders/fuseGradWeights.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import {
  type FuseParameters,
  fuseCases,
  fuseConstants,
  fuseEpsilon,
  fuseInputs,
  sourceOf,
  takenIndex,
  weightInput,
} from "./fuse.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type FuseGradWeightsParameters = FuseParameters & Chunks;

const constants = (p: FuseGradWeightsParameters): Record<string, number> => ({
  ...fuseConstants(p),
  CHUNK: p.chunk,
});

/** Partial sums [groups, count] of the gradient of fuse with respect to its weights. */
export const fuseGradWeights: Kernel<FuseGradWeightsParameters> = {
  name: "fuseGradWeights",
  bindings: (p) => [
    ...fuseInputs(p),
    { name: "dy", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "dweights", access: "write", shape: [p.groups, p.count] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(plain, constants, (p) => p.groups),
  ],
  flops: (p) => (p.normalized ? 7 : 2) * p.count * p.planes * p.height * p.width,
  reference(p, buffers) {
    const { weights, dy, dweights } = buffers;
    const positive = Array.from(weights.subarray(0, p.count), (weight) => Math.max(weight, 0));
    const total = positive.reduce((sum, weight) => sum + weight, fuseEpsilon);
    const sources = positive.map((_, index) => sourceOf(p, index));
    dweights.fill(0);
    for (let i = 0; i < dy.length; i++) {
      const maps = sources.map((source, k) => buffers[`x${k}`][takenIndex(p, source, buffers[`x${k}`], i)]);
      const target = Math.floor(i / p.chunk) * p.count;
      for (let index = 0; index < p.count; index++) {
        if (positive[index] === 0) continue;
        const differences = positive.map((weight, k) => weight * (maps[index] - maps[k]));
        const slope = differences.reduce((sum, term) => sum + term, fuseEpsilon * maps[index]) / total ** 2;
        dweights[target + index] += dy[i] * (p.normalized ? slope : maps[index]);
      }
    }
  },
  cases: [
    ...fuseCases.map((p) => ({ ...p, ...chunkReduction(p.planes * p.height * p.width, 100) })),
    ...fuseCases.map((p) => ({ ...p, planes: 97, ...chunkReduction(97 * p.height * p.width, 1024) })),
  ],
  testInputs: weightInput,
};
