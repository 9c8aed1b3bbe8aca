import plain from "../shaders/squaredDifference.plain.wgsl";
import tree from "../shaders/squaredDifference.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type SquaredDifferenceParameters = { length: number; scale: number } & Chunks;

export const differenceConstants = (p: SquaredDifferenceParameters): Record<string, number> => ({
  LENGTH: p.length,
  SCALE: p.scale,
  CHUNK: p.chunk,
  WORKGROUP: 64,
});

export const differenceCases: readonly SquaredDifferenceParameters[] = [1, 257, 1009, 40_009].map(
  (length) => ({
    length,
    scale: 1 / length,
    ...chunkReduction(length, length > 2048 ? 1024 : 100),
  }),
);

/** Partial sums [groups] of scale · (a − b)². */
export const squaredDifference: Kernel<SquaredDifferenceParameters> = {
  name: "squaredDifference",
  bindings: (p) => [
    { name: "a", access: "read", shape: [p.length] },
    { name: "b", access: "read", shape: [p.length] },
    { name: "loss", access: "write", shape: [p.groups] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: differenceConstants,
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(plain, differenceConstants, (p) => p.groups),
  ],
  flops: (p) => 3 * p.length,
  reference(p, { a, b, loss }) {
    loss.fill(0);
    for (let i = 0; i < p.length; i++) loss[Math.floor(i / p.chunk)] += p.scale * (a[i] - b[i]) ** 2;
  },
  cases: differenceCases,
};
