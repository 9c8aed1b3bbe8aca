import plain from "../shaders/focalLoss.plain.wgsl";
import tree from "../shaders/focalLoss.wgsl";
import { type Chunks, chunkReduction } from "./chunks.ts";
import { sigmoid, softplus } from "./functions.ts";
import type { Binding, Buffers, Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type FocalLossParameters = {
  batch: number;
  numClasses: number;
  /** Anchors of one pixel. */
  perPixel: number;
  /** Of all levels, packed; more than the anchors need where they are filled up to a multiple of four. */
  pixels: number;
  anchors: number;
  alpha: number;
  gamma: number;
  labelSmoothing: number;
} & Chunks;

export const focalChannels = (p: FocalLossParameters): number => p.perPixel * p.numClasses;
export const focalLength = (p: FocalLossParameters): number => p.batch * focalChannels(p) * p.pixels;

export function focalConstants(p: FocalLossParameters): Record<string, number> {
  return {
    CLASSES: p.numClasses,
    CHANNELS: focalChannels(p),
    PIXELS: p.pixels,
    LENGTH: focalLength(p),
    ANCHORS: p.anchors,
    ALPHA: p.alpha,
    GAMMA: p.gamma,
    SMOOTHING: p.labelSmoothing,
    CHUNK: p.chunk,
    WORKGROUP: 64,
  };
}

export function focalInputs(p: FocalLossParameters): Binding[] {
  return [
    { name: "logits", access: "read", shape: [p.batch, focalChannels(p), p.pixels] },
    { name: "classTargets", access: "read", shape: [p.batch, p.anchors], dtype: "i32" },
    { name: "normalizer", access: "read", shape: [1] },
  ];
}

/** One element: its loss and slope with respect to the logit, before the normaliser; both 0 where ignored. */
export function focalElement(p: FocalLossParameters, logits: Float64Array, targets: Float64Array, i: number) {
  const channel = Math.floor(i / p.pixels) % focalChannels(p);
  const sample = Math.floor(i / (focalChannels(p) * p.pixels));
  const anchor = (i % p.pixels) * p.perPixel + Math.floor(channel / p.numClasses);
  const target = anchor < p.anchors ? targets[sample * p.anchors + anchor] : -2;
  if (target === -2) return { loss: 0, slope: 0 };
  const positive = target === channel % p.numClasses;
  const z = positive ? -logits[i] : logits[i];
  const u = sigmoid(z);
  const weight = (positive ? p.alpha : 1 - p.alpha) * u ** p.gamma;
  const entropy = softplus(z) - 0.5 * p.labelSmoothing * z;
  const slope = weight * (p.gamma * (1 - u) * entropy + u - 0.5 * p.labelSmoothing);
  return { loss: weight * entropy, slope: positive ? -slope : slope };
}

const example = (
  batch: number,
  numClasses: number,
  pixels: number,
  gamma: number,
  labelSmoothing = 0,
  least = 100,
) => {
  const sizes = { batch, numClasses, perPixel: 9, pixels, anchors: 9 * Math.max(1, pixels - 2) };
  const chunks = chunkReduction(batch * 9 * numClasses * pixels, least);
  return { ...sizes, alpha: 0.25, gamma, labelSmoothing, ...chunks };
};

export const focalCases: readonly FocalLossParameters[] = [
  example(1, 1, 1, 1.5),
  example(2, 3, 7, 1.5),
  example(3, 2, 13, 2, 0.1),
  example(2, 3, 211, 1.5, 0, 1024),
];

/** Logits up to ±100; every kind of target. */
export function focalTestInputs(p: FocalLossParameters, uniform: () => number): Buffers {
  return {
    logits: Float64Array.from({ length: focalLength(p) }, (_, i) => (i % 5 === 0 ? 100 : 4) * uniform()),
    classTargets: Float64Array.from({ length: p.batch * p.anchors }, (_, i) => (i % (p.numClasses + 2)) - 2),
    normalizer: Float64Array.of(3),
  };
}

/** Partial sums [groups] of the focal loss of all levels. */
export const focalLoss: Kernel<FocalLossParameters> = {
  name: "focalLoss",
  bindings: (p) => [...focalInputs(p), { name: "loss", access: "write", shape: [p.groups] }],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: focalConstants,
      workgroups: (p) => [p.groups, 1, 1],
      barriers: true,
    },
    serialVariant(plain, focalConstants, (p) => p.groups),
  ],
  flops: (p) => 20 * focalLength(p),
  reference(p, { logits, classTargets, normalizer, loss }) {
    loss.fill(0);
    for (let i = 0; i < logits.length; i++)
      loss[Math.floor(i / p.chunk)] += focalElement(p, logits, classTargets, i).loss / normalizer[0];
  },
  cases: focalCases,
  testInputs: focalTestInputs,
  tolerance: { absolute: 1e-5, relative: 2e-5, reason: "exp of −1.5·100 keeps |x| ulps of its argument" },
};
