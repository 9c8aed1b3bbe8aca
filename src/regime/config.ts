// Everything that decides a run, as a checked value: a preset, a file and the command line give the parts, and the run
// folder keeps the whole.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { reasonOf, UserError } from "../base/errors.ts";
import { checkImageSize, detectorConfig, modelNames } from "../detector/config.ts";
import { adapterKinds } from "../engine/adapter.ts";
import { matchRulePattern } from "../evaluate/detection.ts";
import { type SystemName, systemNames } from "../phantom/systems.ts";
import { defaultDesign, designFault, designFields, distillationFields } from "./design.ts";

const positiveInteger = z.int().positive();
const fraction = z.number().min(0).max(1);
const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, "must be [low, high]");
const positiveRange = range.refine(([low]) => low > 0, "must be above 0");

const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sgd"),
    momentum: fraction,
    weightDecay: z.number().nonnegative(),
    clipNorm: z.number().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal("adamw"),
    beta1: fraction,
    beta2: fraction,
    epsilon: z.number().positive(),
    weightDecay: z.number().nonnegative(),
    clipNorm: z.number().nonnegative(),
  }),
]);

const configSchema = z.strictObject({
  preset: z.string(),
  /** Path of a pair manifest; null: the simulated set. */
  data: z.string().nullable(),
  /** The simulated set that is made when `data` is null. */
  phantom: z.strictObject({
    patients: positiveInteger,
    rows: positiveInteger,
    columns: positiveInteger,
    /** Side of a pixel, mm. */
    spacing: z.number().positive(),
    seed: z.int().nonnegative(),
    /** Simulates a second system's synthetic mammogram in the FFDM's place; null: the FFDM. */
    pair: z.enum(systemNames as [SystemName, ...SystemName[]]).nullable(),
  }),
  /** The manifest's columns that stand for the FFDM and the SM, where it has others: any two images of one thing make a pair. */
  images: z.strictObject({ ffdm: z.string(), sm: z.string() }),
  model: z.enum(modelNames as [string, ...string[]]),
  /** Height and width of the network's input, in pixels. */
  imageSize: z.tuple([positiveInteger, positiveInteger]),
  batch: positiveInteger,
  epochs: z.strictObject({ stage1: positiveInteger, stage2: positiveInteger, stage3: positiveInteger }),
  seed: z.int().nonnegative(),
  /** null: the environment variable, else the best one there is. */
  adapter: z.enum(["auto", ...adapterKinds]).nullable(),
  /** Most boxes that an image may have. */
  maxBoxes: positiveInteger,
  /** Anchor size at a level, in strides; null: the model's own. */
  anchorScale: z.number().positive().nullable(),
  dropConnectRate: fraction,
  optimizer: optimizerSchema,
  learningRate: z.number().positive(),
  /** Share of the steps over which the learning rate rises. */
  warmup: fraction,
  averageDecay: fraction,
  /**
   * Share of a stage's epochs, rounded up, in which batch norms normalise by the batch; afterwards by the running statistics, as
   * from the first epoch on in networks that start trained.
   */
  batchStatistics: fraction,
  /** Safetensors files in effdet's names that feature networks start from, by the image they see; null: drawn. */
  pretrained: z.strictObject({ sm: z.string().nullable(), ffdm: z.string().nullable() }),
  /** How images are brought to the network's input. */
  preprocess: z.strictObject({
    /** Whether full-field images are cut to the breast. */
    crop: z.boolean(),
    /** Side of a pixel of the network's input, mm; null: as small as the pair fits. */
    spacing: z.number().positive().nullable(),
  }),
  /** Share of a training epoch that goes to pairs with lesions; null: every pair once. */
  positives: fraction.nullable(),
  /** Share of the training patients whose lesions are known to stages 1 and 3, and whether stage 2 sees the others' images. */
  labels: z.strictObject({ share: fraction.positive(), distillOn: z.enum(["all", "labelled"]) }),
  /** How far training and validation pairs' images are moved apart: mm, degrees, share, mm. */
  misregistration: z.strictObject({
    shift: z.number().nonnegative(),
    rotation: z.number().min(0).max(180),
    scale: fraction,
    local: z.number().nonnegative(),
  }),
  /** In fractions of the image, degrees and standard deviations. */
  augment: z.strictObject({
    flip: fraction,
    shift: fraction,
    scale: positiveRange,
    gain: range,
    offset: range,
    rotation: z.number().min(0).max(180),
    shear: z.number().min(0).max(60),
    gamma: positiveRange,
    noise: z.number().nonnegative(),
    cutout: fraction,
    /** Probability that a pair is blended with another of its batch. */
    mix: fraction,
  }),
  ...designFields,
  /** What students do where their own entries do not say. */
  distillation: z.strictObject(distillationFields),
  /** What models do where their own entries do not say. */
  predictor: z.strictObject({ fineTune: z.boolean() }),
  evaluation: z.strictObject({
    resamples: positiveInteger,
    /** When a detection finds a lesion: "iou 0.1", or "dbtex 30" by the centres, in pixels of the network's input. */
    rule: z.string().regex(matchRulePattern, 'must be as "iou 0.1" or "dbtex 30"'),
    nmsIou: fraction,
    maxDetections: positiveInteger,
  }),
  workers: positiveInteger,
  /** MiB for prepared pairs: in memory for later epochs, on disk for later runs; 0: none. */
  cache: z.strictObject({ memory: z.number().nonnegative(), disk: z.number().nonnegative() }),
  /** What becomes of a training pair that cannot be read. */
  unreadable: z.enum(["stop", "skip"]),
  /** Seconds between two saved states within an epoch. */
  saveEvery: z.number().positive(),
});

export type Config = z.infer<typeof configSchema>;

type Partially<T> = {
  [Key in keyof T]?: T[Key] extends readonly unknown[]
    ? T[Key]
    : T[Key] extends object
      ? Partially<T[Key]>
      : T[Key];
};
export type ConfigOverrides = Partially<Config>;

const base: Config = {
  preset: "default",
  data: null,
  phantom: { patients: 130, rows: 128, columns: 128, spacing: 0.3, seed: 1, pair: null },
  images: { ffdm: "ffdm", sm: "sm" },
  model: "nano",
  imageSize: [128, 128],
  batch: 4,
  epochs: { stage1: 10, stage2: 4, stage3: 10 },
  seed: 1,
  adapter: null,
  maxBoxes: 8,
  anchorScale: null,
  dropConnectRate: 0,
  optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 10 },
  learningRate: 5e-3,
  warmup: 0.1,
  averageDecay: 0.95,
  batchStatistics: 0.05,
  pretrained: { sm: null, ffdm: null },
  preprocess: { crop: true, spacing: null },
  positives: null,
  labels: { share: 1, distillOn: "all" },
  misregistration: { shift: 0, rotation: 0, scale: 0, local: 0 },
  augment: {
    flip: 0.5,
    shift: 0.08,
    scale: [0.9, 1.1],
    gain: [0.9, 1.1],
    offset: [-0.1, 0.1],
    rotation: 0,
    shear: 0,
    gamma: [1, 1],
    noise: 0,
    cutout: 0,
    mix: 0,
  },
  ...defaultDesign,
  distillation: { loss: "mse", start: "module_c", tap: "pyramid", levels: null, blur: 0 },
  predictor: { fineTune: false },
  evaluation: { resamples: 2000, rule: "iou 0.1", nmsIou: 0.2, maxDetections: 100 },
  workers: 2,
  cache: { memory: 512, disk: 16_384 },
  unreadable: "stop",
  saveEvery: 300,
};

const presets: Readonly<Record<string, ConfigOverrides>> = {
  smoke: {
    phantom: { patients: 24 },
    epochs: { stage1: 1, stage2: 1, stage3: 1 },
    evaluation: { resamples: 200 },
  },
  default: {},
  /** Enough patients and steps that detectors find lesions on two cores; the plans in experiments/ use it. */
  study: {
    phantom: { patients: 400 },
    epochs: { stage1: 40, stage2: 12, stage3: 16 },
  },
  full: {
    phantom: { patients: 2000, rows: 1024, columns: 512, spacing: 0.1 },
    model: "d0",
    imageSize: [1024, 512],
    batch: 8,
    epochs: { stage1: 40, stage2: 40, stage3: 20 },
    learningRate: 1e-3,
    averageDecay: 0.9998,
    dropConnectRate: 0.1,
    workers: 8,
  },
};

export const presetNames: readonly string[] = Object.keys(presets);

/** Objects are merged field by field, unless they are of another `kind`; anything else replaces what was there. */
function merge(lower: unknown, upper: unknown): unknown {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(lower) || !isObject(upper)) return upper === undefined ? lower : upper;
  if (upper.kind !== undefined && upper.kind !== lower.kind) return upper;
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(upper)) merged[key] = merge(lower[key], value);
  return merged;
}

/**
 * @param layers later ones win.
 * @throws UserError naming the first wrong field, with `source` in front.
 */
export function makeConfig(
  preset: string,
  layers: readonly { readonly source: string; readonly values: unknown }[],
): Config {
  const chosen = presets[preset];
  if (!chosen) throw new UserError(`--preset ${preset}: must be one of ${presetNames.join(", ")}`);
  let config: unknown = { ...(merge(base, chosen) as Config), preset };
  for (const { source, values } of layers) config = checkConfig(merge(config, values), source);
  return checkConfig(config, `preset ${preset}`);
}

/** @throws UserError naming the first wrong field, with `source` in front. */
export function checkConfig(value: unknown, source: string): Config {
  const result = configSchema.safeParse(value);
  if (result.success) return checkDesign(checkSizes(result.data, source), source);
  const [issue] = result.error.issues;
  if (issue.code === "unrecognized_keys") {
    const at = [...issue.path, issue.keys[0]].join(".");
    throw new UserError(`${source}: unknown field ${at}`);
  }
  // An option names its field itself.
  const at = source.startsWith("--") ? "" : `${issue.path.join(".") || "the file"}: `;
  throw new UserError(`${source}: ${at}${issue.message}`);
}

/**
 * A run's configuration as its folder keeps it. Fields that were not there yet when it was written have the defaults, which are
 * what was done before there was a choice; what it trains and compares is its own alone.
 * @throws UserError as `checkConfig`.
 */
export function checkStoredConfig(value: unknown, source: string): Config {
  const isObject = (part: unknown): part is Record<string, unknown> =>
    typeof part === "object" && part !== null && !Array.isArray(part);
  const filled = (defaults: unknown, stored: unknown): unknown => {
    if (stored === undefined) return defaults;
    if (!isObject(defaults) || !isObject(stored) || stored.kind !== defaults.kind) return stored;
    const names = [...new Set([...Object.keys(defaults), ...Object.keys(stored)])];
    return Object.fromEntries(
      names.map((name) => [
        name,
        name in designFields ? (stored[name] ?? defaults[name]) : filled(defaults[name], stored[name]),
      ]),
    );
  };
  return checkConfig(filled(base, value), source);
}

/** Names that the parts of a run call each other by. */
function checkDesign(config: Config, source: string): Config {
  const { detectors, students, models, comparisons } = config;
  const { start } = config.distillation;
  const isUsed = Object.values(students).some((student) => student.start === undefined);
  const fault =
    designFault({ detectors, students, models, comparisons }) ??
    (isUsed && start !== "random" && !(start in detectors)
      ? ["distillation.start", `"${start}" must be random or a detector`]
      : undefined);
  if (fault) throw new UserError(`${source}: ${fault[0]}: ${fault[1]}`);
  return config;
}

/** An image size that the model's pyramid divides. */
function checkSizes(config: Config, source: string): Config {
  const [height, width] = config.imageSize;
  try {
    checkImageSize(detectorConfig(config.model, { numClasses: 1, inChannels: 1 }), height, width);
  } catch (error) {
    throw new UserError(`${source}: imageSize: ${reasonOf(error)}`);
  }
  return config;
}

/** The content of a configuration file. @throws UserError naming the file when it is missing or no JSON object. */
export async function readConfigFile(path: string): Promise<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path}: cannot be read as JSON (${reasonOf(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UserError(`${path}: must hold a JSON object`);
  return value;
}
