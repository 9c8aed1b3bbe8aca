import shader from "../shaders/fuseGradWeights.wgsl";
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

export type FuseGradWeightsParameters = FuseParameters & Chunks;

/** Partial sums [groups, count] of the gradient of fuse with respect to its weights. */
export const fuseGradWeights: Kernel<FuseGradWeightsParameters> = {
  name: "fuseGradWeights",
  bindings: (p) => [
    ...fuseInputs(p),
    { name: "y", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "dy", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "dweights", access: "write", shape: [p.groups, p.count] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ ...fuseConstants(p), CHUNK: p.chunk }),
      workgroups: (p) => [p.groups, 1, 1],
    },
  ],
  flops: (p) => 3 * p.count * p.planes * p.height * p.width,
  reference(p, buffers) {
    const { weights, y, dy, dweights } = buffers;
    const total = weights
      .subarray(0, p.count)
      .reduce((sum, weight) => sum + Math.max(weight, 0), fuseEpsilon);
    const scale = p.normalized ? 1 / total : 1;
    dweights.fill(0);
    for (let index = 0; index < p.count; index++) {
      if (weights[index] <= 0) continue;
      const x = buffers[`x${index}`];
      const source = sourceOf(p, index);
      for (let i = 0; i < dy.length; i++) {
        const value = x[takenIndex(p, source, x, i)] - (p.normalized ? y[i] : 0);
        dweights[Math.floor(i / p.chunk) * p.count + index] += scale * dy[i] * value;
      }
    }
  },
  cases: fuseCases.map((p) => ({ ...p, ...chunkReduction(p.planes * p.height * p.width, 100) })),
  testInputs: weightInput,
};
