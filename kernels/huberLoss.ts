import plain from "../shaders/huberLoss.plain.wgsl";
import tree from "../shaders/huberLoss.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import type { Binding, Buffers, Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type HuberLossParameters = {
  batch: number;
  /** Anchors of one pixel. */
  perPixel: number;
  /** Of all levels, packed; more than the anchors need where they are filled up to a multiple of four. */
  pixels: number;
  anchors: number;
  delta: number;
} & Chunks;

export const huberLength = (p: HuberLossParameters): number => p.batch * p.perPixel * 4 * p.pixels;

export function huberConstants(p: HuberLossParameters): Record<string, number> {
  return {
    CHANNELS: 4 * p.perPixel,
    PIXELS: p.pixels,
    LENGTH: huberLength(p),
    ANCHORS: p.anchors,
    DELTA: p.delta,
    CHUNK: p.chunk,
    WORKGROUP: 64,
  };
}

export function huberInputs(p: HuberLossParameters): Binding[] {
  return [
    { name: "codes", access: "read", shape: [p.batch, 4 * p.perPixel, p.pixels] },
    { name: "boxTargets", access: "read", shape: [p.batch, p.anchors, 4] },
    { name: "normalizer", access: "read", shape: [1] },
  ];
}

/** The target of code number `i`; 0 where it is filling. */
export function huberTarget(p: HuberLossParameters, boxTargets: Float64Array, i: number): number {
  const channel = Math.floor(i / p.pixels) % (4 * p.perPixel);
  const sample = Math.floor(i / (4 * p.perPixel * p.pixels));
  const anchor = (i % p.pixels) * p.perPixel + Math.floor(channel / 4);
  return anchor >= p.anchors ? 0 : boxTargets[(sample * p.anchors + anchor) * 4 + (channel % 4)];
}

const example = (batch: number, pixels: number, least = 100): HuberLossParameters => {
  const sizes = { batch, perPixel: 9, pixels, anchors: 9 * Math.max(1, pixels - 2), delta: 0.1 };
  return { ...sizes, ...chunkReduction(batch * 36 * pixels, least) };
};

export const huberCases: readonly HuberLossParameters[] = [
  example(1, 1),
  example(2, 7),
  example(3, 13),
  example(2, 211, 1024),
];

/** A third of the targets are exactly 0, others near their code or far from it. */
export function huberTestInputs(p: HuberLossParameters, uniform: () => number): Buffers {
  const count = p.batch * p.anchors * 4;
  const targets = Float64Array.from({ length: count }, (_, i) =>
    i % 3 === 0 ? 0 : uniform() * (i % 2 ? 0.1 : 2),
  );
  return { boxTargets: targets, normalizer: Float64Array.of(3) };
}

/** Partial sums [groups] of the Huber loss of all levels' box codes. */
export const huberLoss: Kernel<HuberLossParameters> = {
  name: "huberLoss",
  bindings: (p) => [...huberInputs(p), { name: "loss", access: "write", shape: [p.groups] }],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: huberConstants,
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(plain, huberConstants, (p) => p.groups),
  ],
  flops: (p) => 7 * huberLength(p),
  reference(p, { codes, boxTargets, normalizer, loss }) {
    loss.fill(0);
    for (let i = 0; i < codes.length; i++) {
      const target = huberTarget(p, boxTargets, i);
      if (target === 0) continue;
      const error = Math.abs(codes[i] - target);
      const quadratic = Math.min(error, p.delta);
      const value = 0.5 * quadratic ** 2 + p.delta * (error - quadratic);
      loss[Math.floor(i / p.chunk)] += value / (4 * normalizer[0]);
    }
  },
  cases: huberCases,
  testInputs: huberTestInputs,
};
