// The modules of a run: a network or heads each, by name.
import type { Padding } from "../../kernels/geometry.ts";
import { type LayerMode, Layers } from "../autograd/layers.ts";
import { concatChannels } from "../autograd/operations/concatenation.ts";
import { gatedSum } from "../autograd/operations/gating.ts";
import type { Initializer } from "../autograd/parameters.ts";
import { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type DetectorConfig, detectorConfig } from "../detector/config.ts";
import { DetectorModule, type ModuleParts } from "../detector/module.ts";
import type { BatchInputs, Modality } from "../train/task.ts";
import type { Config } from "./config.ts";
import type { ImageKind, ModelDesign } from "./design.ts";

const zero: Initializer = { kind: "constant", value: 0 };
const declaring: LayerMode = { normalization: "frozen", trainable: false };

/** A detector's networks, or heads over pyramids, and which image they look at. */
export class RegimeModule extends DetectorModule {
  /** @param gated whether it weighs two pyramids of `pyramidChannels` before its heads. */
  constructor(
    name: string,
    config: DetectorConfig,
    parts: ModuleParts,
    readonly image: ImageKind,
    readonly gated = false,
  ) {
    super(name, config, parts);
    if (!gated) return;
    const tape = new Tape();
    const level = tape.input("level", [1, config.pyramidChannels, 1, 1]);
    this.gate(tape, level, level, declaring);
  }

  /** The image whose boxes it is trained and judged by. */
  get modality(): Modality {
    return this.image === "ffdm" ? "ffdm" : "sm";
  }

  /** The pyramid of its own image. */
  pyramid(batch: BatchInputs, mode: LayerMode): readonly Tensor[] {
    return this.features(batch.tape, batch.image(this.image), mode);
  }

  /** The backbone's maps of its own image. */
  backboneMaps(batch: BatchInputs, mode: LayerMode): readonly Tensor[] {
    return this.endpoints(batch.tape, batch.image(this.image), mode);
  }

  /**
   * Two levels [N,C,h,w] → one: at every location and channel a share of the first and the rest of the second, by a
   * pointwise convolution of both (attention gates in the manner of arXiv 1804.03999, additive, over both maps).
   */
  gate(tape: Tape, first: Tensor, second: Tensor, mode: LayerMode): Tensor {
    const layers = new Layers(tape, this.set, mode).at("gate");
    const channels = first.shape[1];
    const spread: Initializer = { kind: "normal", deviation: Math.sqrt(1 / (2 * channels)) };
    const both = concatChannels(tape, first, second);
    return gatedSum(tape, first, second, layers.pointwiseConv2d(both, channels, spread, zero));
  }
}

/** By name, which is also the stem of the module's checkpoint. */
export type Modules = Readonly<Record<string, RegimeModule>>;

/** The name of a model's heads, and of the task that trains them. */
export const predictorName = (model: string): string => `predictor_${model}`;

/** Heads of a model's own: one a branch where each branch has some, else one. */
export function headNames(model: string, { branches, fusion }: ModelDesign): string[] {
  if (fusion === "own") return [...branches];
  const name = predictorName(model);
  if (fusion !== "heads") return [name];
  return branches.map((_, index) => (index === 0 ? name : `${name}+${index + 1}`));
}

/**
 * Where a model's feature networks live: the networks of stages 1 and 2 themselves, or with fine-tuning copies of
 * them, so that one model's training changes no other.
 */
export function branchNames(model: string, { branches }: ModelDesign, fineTune: boolean): string[] {
  return branches.map((branch) => (fineTune ? `${predictorName(model)}/${branch}` : branch));
}

/** Whether a model trains copies of its branches. */
export const isFineTuned = ({ fineTune, fusion }: ModelDesign, { predictor }: Config): boolean =>
  fusion !== "own" && (fineTune ?? predictor.fineTune);

/**
 * The modules of a run.
 * @param numClasses labels of its manifest.
 * @param padding of the detectors; default PyTorch's.
 */
export function modulesOf(config: Config, numClasses: number, padding?: Padding): Modules {
  const { detectors, students, models, dropConnectRate } = config;
  const anchorScale = config.anchorScale ?? undefined;
  const modules: Record<string, RegimeModule> = {};
  const create = (name: string, parts: ModuleParts, image: ImageKind, gated = false) => {
    const inChannels = image === "both" ? 2 : 1;
    const detector = detectorConfig(config.model, {
      numClasses,
      inChannels,
      dropConnectRate,
      anchorScale,
      padding,
    });
    modules[name] = new RegimeModule(name, detector, parts, image, gated);
  };
  const { pyramidChannels } = detectorConfig(config.model, { numClasses, inChannels: 1 });
  for (const [name, { image }] of Object.entries(detectors))
    create(name, { features: true, headChannels: pyramidChannels }, image);
  for (const [name, { image = "sm" }] of Object.entries(students))
    create(name, { features: true, headChannels: 0 }, image);
  for (const [name, model] of Object.entries(models)) {
    if (model.fusion === "own") continue;
    const pyramids = model.fusion === "concat" ? model.branches.length : 1;
    const { image } = modules[model.branches[0]];
    for (const heads of headNames(name, model))
      create(
        heads,
        { features: false, headChannels: pyramids * pyramidChannels },
        image,
        model.fusion === "gated",
      );
    if (!isFineTuned(model, config)) continue;
    branchNames(name, model, true).forEach((copy, index) => {
      create(copy, { features: true, headChannels: 0 }, modules[model.branches[index]].image);
    });
  }
  return modules;
}
