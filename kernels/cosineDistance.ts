import plain from "../shaders/cosineDistance.plain.wgsl";
import tree from "../shaders/cosineDistance.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type CosineDistanceParameters = { batch: number; channels: number; pixels: number } & Chunks;

export const cosineConstants = (p: CosineDistanceParameters): Record<string, number> => ({
  CHANNELS: p.channels,
  PIXELS: p.pixels,
  LOCATIONS: p.batch * p.pixels,
  CHUNK: p.chunk,
  WORKGROUP: 64,
});

/** Norms and cosine of the two vectors at location `i`, and the offset of their first channel. */
export function cosineAt(p: CosineDistanceParameters, a: Float64Array, b: Float64Array, i: number) {
  const start = Math.floor(i / p.pixels) * p.channels * p.pixels + (i % p.pixels);
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let c = 0; c < p.channels; c++) {
    const k = start + c * p.pixels;
    product += a[k] * b[k];
    squaresA += a[k] ** 2;
    squaresB += b[k] ** 2;
  }
  const normA = Math.max(Math.sqrt(squaresA), 1e-8);
  const normB = Math.max(Math.sqrt(squaresB), 1e-8);
  return { start, normA, normB, cosine: product / (normA * normB) };
}

export const cosineCases: readonly CosineDistanceParameters[] = [
  { batch: 1, channels: 1, pixels: 1, ...chunkReduction(1, 10) },
  { batch: 2, channels: 5, pixels: 13, ...chunkReduction(26, 10) },
  { batch: 3, channels: 7, pixels: 67, ...chunkReduction(201, 100) },
  { batch: 2, channels: 11, pixels: 2053, ...chunkReduction(4106, 419) },
];

/** Partial sums [groups] of the mean over locations of 1 − cosine(a, b). */
export const cosineDistance: Kernel<CosineDistanceParameters> = {
  name: "cosineDistance",
  bindings: (p) => [
    { name: "a", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "b", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "loss", access: "write", shape: [p.groups] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: cosineConstants,
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(plain, cosineConstants, (p) => p.groups),
  ],
  flops: (p) => 6 * p.batch * p.channels * p.pixels,
  reference(p, { a, b, loss }) {
    const locations = p.batch * p.pixels;
    loss.fill(0);
    for (let i = 0; i < locations; i++)
      loss[Math.floor(i / p.chunk)] += (1 - cosineAt(p, a, b, i).cosine) / locations;
  },
  cases: cosineCases,
};
