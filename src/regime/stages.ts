// The three stages of arXiv 2408.08560 as training tasks, and the two predictors that the fused one is held against.
import type { LayerMode } from "../autograd/layers.ts";
import { add, scale } from "../autograd/operations/arithmetic.ts";
import { concatChannels } from "../autograd/operations/concatenation.ts";
import { cosineDistance, meanSquaredError } from "../autograd/operations/losses.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { assignTargets, detectionLoss } from "../detector/detector.ts";
import type { Predictions } from "../detector/heads.ts";
import type { DetectorModule } from "../detector/module.ts";
import type { BatchInputs, Losses, Modality, Task } from "../train/task.ts";
import { branchNames, type Modules, modalityOf, type PredictorSpec, predictorSpecs } from "./modules.ts";

/** How a module runs that is not being trained. */
export const frozen: LayerMode = { normalization: "frozen", trainable: false };

/** A module's pyramid on one of the two images. */
export interface Branch {
  readonly module: DetectorModule;
  readonly modality: Modality;
}

export interface StageTask extends Task {
  readonly stage: 1 | 2 | 3;
  /** Names of the modules it trains, and of those it only reads. */
  readonly trains: readonly string[];
  readonly reads: readonly string[];
  /** Trained modules that start as copies of others, as far as they have the same parts. */
  readonly startsFrom: Readonly<Record<string, string>>;
}

function lossesAgainstTruth(
  tape: Tape,
  batch: BatchInputs,
  modality: Modality,
  module: DetectorModule,
  predictions: Predictions,
): Losses {
  const { config } = module;
  const targets = assignTargets(tape, config, batch.image(modality), batch.groundTruth(modality));
  const { total, classLoss, boxLoss } = detectionLoss(tape, config, predictions, targets);
  return { loss: total, classLoss, boxLoss };
}

/** A detector on one image, with its own detection loss. */
function detectorTask(modules: Modules, name: string, title: string): StageTask {
  const module = modules[name];
  const modality = modalityOf(name);
  return {
    stage: 1,
    name,
    title: `stage 1, ${title}`,
    trains: [name],
    reads: [],
    startsFrom: {},
    trained: [module.set],
    losses(tape, batch, mode) {
      const levels = module.features(tape, batch.image(modality), mode);
      return lossesAgainstTruth(tape, batch, modality, module, module.predictions(tape, levels, mode));
    },
  };
}

export interface DistillationOptions {
  /** `both` adds the two with equal weight. */
  readonly loss: "mse" | "cosine" | "both";
  /** What B starts as. */
  readonly start: "module_c" | "module_a" | "random";
}

/** Name of a level's losses in reports: "P3 mse". */
export const levelLoss = (level: number, kind: "mse" | "cosine"): string => `P${level} ${kind}`;

/** B sees the SM and learns C's pyramid of the FFDM; the mean over levels of each level's loss is minimised. */
function distillationTask(modules: Modules, { loss: kind, start }: DistillationOptions): StageTask {
  const { module_b: student, module_c: teacher } = modules;
  return {
    stage: 2,
    name: "module_b",
    title: "stage 2, module B on SM towards C on FFDM",
    trains: ["module_b"],
    reads: ["module_c"],
    startsFrom: start === "random" ? {} : { module_b: start },
    trained: [student.set],
    losses(tape, batch, mode) {
      const wanted = teacher.features(tape, batch.image("ffdm"), frozen);
      const levels = student.features(tape, batch.image("sm"), mode);
      const parts: Record<string, Tensor> = {};
      levels.forEach((level, index) => {
        const number = student.config.minLevel + index;
        tape.scope(`distillation P${number}`, () => {
          parts[levelLoss(number, "mse")] = meanSquaredError(tape, level, wanted[index]);
          parts[levelLoss(number, "cosine")] = cosineDistance(tape, level, wanted[index]);
        });
      });
      const minimised = Object.entries(parts).filter(([name]) => kind === "both" || name.endsWith(kind));
      const sum = minimised.map(([, part]) => part).reduce((total, part) => add(tape, total, part));
      return { loss: scale(tape, sum, 1 / levels.length), ...parts };
    },
  };
}

/** Two pyramids side by side, level by level: [N, 2 · pyramidChannels, h, w]. */
export function fusePyramids(
  tape: Tape,
  [first, second]: readonly [Branch, Branch],
  image: (modality: Modality) => Tensor,
  mode: LayerMode,
): Tensor[] {
  const levels = first.module.features(tape, image(first.modality), mode);
  const others = second.module.features(tape, image(second.modality), mode);
  return levels.map((level, index) =>
    tape.scope(`fusion level ${index}`, () => concatChannels(tape, level, others[index])),
  );
}

export interface PredictorOptions {
  /** Train the two feature networks along with the predictor. */
  readonly fineTune: boolean;
}

/** Class and box heads over two pyramids, against the lesions as the first branch's image shows them. */
function predictorTask(modules: Modules, spec: PredictorSpec, { fineTune }: PredictorOptions): StageTask {
  const { name, title, branches } = spec;
  const predictor = modules[name];
  const used = branchNames(spec, fineTune);
  const [first, second] = branchesOf(modules, spec, fineTune);
  const trains = fineTune ? [name, ...used] : [name];
  return {
    stage: 3,
    name,
    title: `stage 3, ${title}`,
    trains,
    reads: fineTune ? [] : used,
    startsFrom: fineTune ? Object.fromEntries(used.map((copy, index) => [copy, branches[index]])) : {},
    trained: trains.map((trained) => modules[trained].set),
    losses(tape, batch, mode) {
      const image = (modality: Modality) => batch.image(modality);
      const levels = fusePyramids(tape, [first, second], image, fineTune ? mode : frozen);
      const predictions = predictor.predictions(tape, levels, mode);
      return lossesAgainstTruth(tape, batch, first.modality, predictor, predictions);
    },
  };
}

/** The two feature networks below a predictor. */
export function branchesOf(
  modules: Modules,
  spec: PredictorSpec,
  fineTune: boolean,
): readonly [Branch, Branch] {
  const [first, second] = branchNames(spec, fineTune).map((name) => ({
    module: modules[name],
    modality: modalityOf(name),
  }));
  return [first, second];
}

export interface StageOptions {
  readonly distillation: DistillationOptions;
  readonly predictor: PredictorOptions;
}

/** Every task of a run, in the order in which they depend on each other. */
export function stageTasks(modules: Modules, { distillation, predictor }: StageOptions): StageTask[] {
  return [
    detectorTask(modules, "module_a", "module A on SM"),
    detectorTask(modules, "module_c", "module C on FFDM"),
    detectorTask(modules, "module_a2", "module A2 on SM, A's twin"),
    distillationTask(modules, distillation),
    ...predictorSpecs.map((spec) => predictorTask(modules, spec, predictor)),
  ];
}
