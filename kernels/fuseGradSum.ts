import plain from "../shaders/fuseGradSum.plain.wgsl";
import tree from "../shaders/fuseGradSum.tree.wgsl";
import sum from "../shaders/fuseGradSum.wgsl";
import sources from "../shaders/fuseSources.wgsl";
import type { Chunks } from "./chunks.ts";
import { swishDerivative } from "./functions.ts";
import {
  type FuseParameters,
  fuseCases,
  fuseConstants,
  fuseEpsilon,
  fuseInputs,
  resampled,
  sourceOf,
  takenShape,
  takenTap,
  weightedSum,
  weightInput,
} from "./fuse.ts";
import { type Buffers, divideUp, type Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type FuseGradSumParameters = FuseParameters & Chunks;

/** Chunks that keep every core busy on small maps too, and whose partial sums are few enough to add. */
export function withChunks(p: FuseParameters, least = 64): FuseGradSumParameters {
  const length = p.planes * p.height * p.width;
  const chunk = Math.max(least, divideUp(length, 512));
  return { ...p, chunk, groups: divideUp(length, chunk) };
}

const constants = (p: FuseGradSumParameters): Record<string, number> => ({
  ...fuseConstants(p),
  CHUNK: p.chunk,
});

/** What one output element adds to the gradient of every weight. */
function weightSlopes(p: FuseParameters, buffers: Buffers, output: number): number[] {
  const positive = Array.from(buffers.weights.subarray(0, p.count), (weight) => Math.max(weight, 0));
  const total = positive.reduce((sum, weight) => sum + weight, fuseEpsilon);
  const maps = positive.map((_, k) => resampled(p, k, buffers[`x${k}`], output));
  return positive.map((weight, index) => {
    if (weight === 0) return 0;
    if (!p.normalized) return maps[index];
    const differences = positive.map((other, k) => other * (maps[index] - maps[k]));
    return differences.reduce((sum, term) => sum + term, fuseEpsilon * maps[index]) / total ** 2;
  });
}

/**
 * Gradient dz of fuse with respect to its weighted sum before swish, which taps its pools took, and partial sums
 * dweights [groups, count] of the gradient with respect to its weights.
 */
export const fuseGradSum: Kernel<FuseGradSumParameters> = {
  name: "fuseGradSum",
  bindings: (p) => [
    ...fuseInputs(p),
    { name: "dy", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "dz", access: "write", shape: [p.planes, p.height, p.width] },
    { name: "taken", access: "write", shape: takenShape(p), dtype: "u32" },
    { name: "dweights", access: "write", shape: [p.groups, p.count] },
  ],
  variants: [
    {
      name: "tree",
      shader: sources + sum + tree,
      constants: (p) => ({ ...constants(p), WORKGROUP: 256 }),
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(sources + sum + plain, constants, (p) => p.groups),
  ],
  flops: (p) => ((p.normalized ? 7 : 2) * p.count + (p.swish ? 10 : 0)) * p.planes * p.height * p.width,
  reference(p, buffers) {
    const { dy, dz, taken, dweights } = buffers;
    dweights.fill(0);
    taken.fill(0);
    for (let i = 0; i < dy.length; i++) {
      dz[i] = dy[i] * (p.swish ? swishDerivative(weightedSum(p, buffers, i)) : 1);
      weightSlopes(p, buffers, i).forEach((slope, k) => {
        dweights[Math.floor(i / p.chunk) * p.count + k] += dz[i] * slope;
        if (i < taken.length) taken[i] |= takenTap(p, sourceOf(p, k), buffers[`x${k}`], i) << (4 * k);
      });
    }
  },
  cases: [
    ...fuseCases.map((p) => withChunks(p)),
    ...fuseCases.map((p) => withChunks({ ...p, planes: 97 }, 1024)),
  ],
  testInputs: weightInput,
};
