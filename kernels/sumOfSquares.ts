import plain from "../shaders/sumOfSquares.plain.wgsl";
import tree from "../shaders/sumOfSquares.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type SumOfSquaresParameters = { length: number } & Chunks;

const constants = (p: SumOfSquaresParameters): Record<string, number> => ({
  LENGTH: p.length,
  CHUNK: p.chunk,
  WORKGROUP: 64,
});

/** Partial sums [groups] of x². */
export const sumOfSquares: Kernel<SumOfSquaresParameters> = {
  name: "sumOfSquares",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.length] },
    { name: "y", access: "write", shape: [p.groups] },
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
  flops: (p) => 2 * p.length,
  reference(p, { x, y }) {
    y.fill(0);
    for (let i = 0; i < p.length; i++) y[Math.floor(i / p.chunk)] += x[i] ** 2;
  },
  cases: [1, 257, 1009, 40_009].map((length) => ({
    length,
    ...chunkReduction(length, length > 2048 ? 1024 : 100),
  })),
};
