// EfficientDet's family: the published compound scaling, and a compact member for CPU adapters.
import type { Padding } from "../../kernels/geometry.ts";
import { UserError } from "../base/errors.ts";

/** One stage of EfficientNet's B0 before scaling. */
export interface Stage {
  readonly repeats: number;
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number;
  readonly channels: number;
}

/** EfficientNet-B0 (arXiv 1905.11946, table 1). The second, third, fifth and seventh end strides 4, 8, 16 and 32. */
const b0Stages: readonly Stage[] = [
  { repeats: 1, kernel: 3, stride: 1, expansion: 1, channels: 16 },
  { repeats: 2, kernel: 3, stride: 2, expansion: 6, channels: 24 },
  { repeats: 2, kernel: 5, stride: 2, expansion: 6, channels: 40 },
  { repeats: 3, kernel: 3, stride: 2, expansion: 6, channels: 80 },
  { repeats: 3, kernel: 5, stride: 1, expansion: 6, channels: 112 },
  { repeats: 4, kernel: 5, stride: 2, expansion: 6, channels: 192 },
  { repeats: 1, kernel: 3, stride: 1, expansion: 6, channels: 320 },
];
const b0StemChannels = 32;

/** Stages whose outputs are C3, C4 and C5. */
export const endpointStages = [2, 4, 6] as const;

export interface DetectorConfig {
  readonly model: string;
  readonly inChannels: number;
  readonly numClasses: number;
  readonly stemChannels: number;
  readonly stages: readonly Stage[];
  readonly pyramidChannels: number;
  readonly cells: number;
  readonly headRepeats: number;
  readonly anchorScale: number;
  /** Pyramid levels; level l has stride 2^l. */
  readonly minLevel: number;
  readonly maxLevel: number;
  /** `fast` is fast-normalised fusion; `sum` adds without weights (D6 and above). */
  readonly fusion: "fast" | "sum";
  readonly padding: Padding;
  /** Biases in front of batch norms in pyramid and heads, as in the TensorFlow implementation. */
  readonly biasBeforeNorm: boolean;
  readonly backboneNorm: { readonly epsilon: number; readonly momentum: number };
  readonly pyramidNorm: { readonly epsilon: number; readonly momentum: number };
  /** Drop-connect at the last block; earlier blocks get a share that grows linearly from 0. */
  readonly dropConnectRate: number;
}

interface Compound {
  width: number;
  depth: number;
  channels: number;
  cells: number;
  heads: number;
  size: number;
  anchorScale?: number;
  maxLevel?: number;
  fusion?: "sum";
  /** Of the inverted residuals, in place of 6. */
  expansion?: number;
}

/** google/automl hparams_config.py. `nano` is ours: at its 128 pixels P6 and P7 would have too few for batch norm. */
const compounds: Readonly<Record<string, Compound>> = {
  nano: {
    width: 0.25,
    depth: 0.5,
    channels: 32,
    cells: 2,
    heads: 2,
    size: 128,
    anchorScale: 1.5,
    maxLevel: 5,
    expansion: 3,
  },
  d0: { width: 1.0, depth: 1.0, channels: 64, cells: 3, heads: 3, size: 512 },
  d1: { width: 1.0, depth: 1.1, channels: 88, cells: 4, heads: 3, size: 640 },
  d2: { width: 1.1, depth: 1.2, channels: 112, cells: 5, heads: 3, size: 768 },
  d3: { width: 1.2, depth: 1.4, channels: 160, cells: 6, heads: 4, size: 896 },
  d4: { width: 1.4, depth: 1.8, channels: 224, cells: 7, heads: 4, size: 1024 },
  d5: { width: 1.6, depth: 2.2, channels: 288, cells: 7, heads: 4, size: 1280 },
  d6: { width: 1.8, depth: 2.6, channels: 384, cells: 8, heads: 5, size: 1280, fusion: "sum" },
  d7: {
    width: 1.8,
    depth: 2.6,
    channels: 384,
    cells: 8,
    heads: 5,
    size: 1536,
    anchorScale: 5,
    fusion: "sum",
  },
  d7x: { width: 2.0, depth: 3.1, channels: 384, cells: 8, heads: 5, size: 1536, maxLevel: 8, fusion: "sum" },
};

export const modelNames: readonly string[] = Object.keys(compounds);

/** EfficientNet's rounding of scaled channels: to a multiple of 8, never below 90% of the exact number. */
export function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

export interface DetectorOptions {
  readonly numClasses: number;
  readonly inChannels: number;
  /** Default `symmetric`, as in PyTorch implementations; `same` is TensorFlow's and brings its other conventions. */
  readonly padding?: Padding;
  readonly anchorScale?: number;
  readonly dropConnectRate?: number;
  /** In place of the model's own, e.g. for a thinner backbone. */
  readonly width?: number;
}

/** @throws UserError when there is no such model. */
export function detectorConfig(model: string, options: DetectorOptions): DetectorConfig {
  const compound = compounds[model];
  if (!compound) throw new UserError(`model "${model}": must be one of ${modelNames.join(", ")}`);
  const { padding = "symmetric", width = compound.width } = options;
  const tensorflow = padding === "same";
  return {
    model,
    inChannels: options.inChannels,
    numClasses: options.numClasses,
    stemChannels: roundChannels(b0StemChannels * width),
    stages: b0Stages.map((stage) => ({
      ...stage,
      expansion: stage.expansion > 1 ? (compound.expansion ?? stage.expansion) : stage.expansion,
      repeats: Math.ceil(stage.repeats * compound.depth),
      channels: roundChannels(stage.channels * width),
    })),
    pyramidChannels: compound.channels,
    cells: compound.cells,
    headRepeats: compound.heads,
    anchorScale: options.anchorScale ?? compound.anchorScale ?? 4,
    minLevel: 3,
    maxLevel: compound.maxLevel ?? 7,
    fusion: compound.fusion ?? "fast",
    padding,
    biasBeforeNorm: tensorflow,
    backboneNorm: { epsilon: tensorflow ? 1e-3 : 1e-5, momentum: 0.1 },
    pyramidNorm: { epsilon: 1e-3, momentum: model === "nano" ? 0.1 : 0.01 },
    dropConnectRate: options.dropConnectRate ?? 0,
  };
}

/** The published input size of a model, in pixels. */
export const defaultImageSize = (model: string): number => compounds[model]?.size ?? 512;

/**
 * Height and width of every pyramid level, by repeated halving rounded up.
 * @throws UserError when a side is not a positive whole number.
 */
export function levelSizes(config: DetectorConfig, height: number, width: number): [number, number][] {
  const sizes: [number, number][] = [];
  for (let level = 1; level <= config.maxLevel; level++) {
    [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    if (level >= config.minLevel) sizes.push([height, width]);
  }
  return sizes;
}

/** Training takes sides that every level divides. @throws UserError naming the multiple. */
export function checkImageSize(config: DetectorConfig, height: number, width: number): void {
  const multiple = 2 ** config.maxLevel;
  for (const [name, side] of [
    ["height", height],
    ["width", width],
  ] as const)
    if (!Number.isInteger(side) || side <= 0 || side % multiple !== 0)
      throw new UserError(`${name} ${side} must be a positive multiple of ${multiple} for ${config.model}`);
}
