import shader from "../shaders/sumOfSquares.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import type { Kernel } from "./kernel.ts";

export type SumOfSquaresParameters = { length: number } & Chunks;

/** Partial sums [groups] of x². */
export const sumOfSquares: Kernel<SumOfSquaresParameters> = {
  name: "sumOfSquares",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.length] },
    { name: "y", access: "write", shape: [p.groups] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ LENGTH: p.length, CHUNK: p.chunk, WORKGROUP: 64 }),
      workgroups: (p) => [p.groups, 1, 1],
    },
  ],
  flops: (p) => 2 * p.length,
  reference(p, { x, y }) {
    y.fill(0);
    for (let i = 0; i < p.length; i++) y[Math.floor(i / p.chunk)] += x[i] ** 2;
  },
  cases: [1, 257, 1009].map((length) => ({ length, ...chunkReduction(length, 100) })),
};
