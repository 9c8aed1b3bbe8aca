// The three stages of arXiv 2408.08560 as training tasks: detectors, students of detectors, and predictors over both.
import type { LayerMode } from "../autograd/layers.ts";
import { add, scale } from "../autograd/operations/arithmetic.ts";
import { depthwiseConv2d } from "../autograd/operations/convolution.ts";
import { cosineDistance, meanSquaredError } from "../autograd/operations/losses.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { assignTargets, detectionLoss } from "../detector/detector.ts";
import type { Predictions } from "../detector/heads.ts";
import type { BatchInputs, Losses, Task } from "../train/task.ts";
import type { Config } from "./config.ts";
import type { StudentDesign } from "./design.ts";
import { comparedModels, frozen, type Model } from "./models.ts";
import { type Modules, predictorName, type RegimeModule } from "./modules.ts";

export interface StageTask extends Task {
  readonly stage: 1 | 2 | 3;
  /** Names of the modules it trains, and of those it only reads. */
  readonly trains: readonly string[];
  readonly reads: readonly string[];
  /** Trained modules that start as copies of others, as far as they have the same parts. */
  readonly startsFrom: Readonly<Record<string, string>>;
}

function lossesAgainstTruth(batch: BatchInputs, module: RegimeModule, predictions: Predictions): Losses {
  const { tape } = batch;
  const { config, modality } = module;
  const targets = assignTargets(tape, config, batch.image(modality), batch.groundTruth(modality));
  const { total, classLoss, boxLoss } = detectionLoss(tape, config, predictions, targets);
  return { loss: total, classLoss, boxLoss };
}

const pictured = { sm: "SM", ffdm: "FFDM", both: "SM and FFDM" } as const;

/** A detector on its image, with its own detection loss. */
function detectorTask(module: RegimeModule, start?: string): StageTask {
  const { name } = module.set;
  return {
    stage: 1,
    name,
    title: `stage 1, ${name} on ${pictured[module.image]}`,
    trains: [name],
    reads: [],
    startsFrom: start ? { [name]: start } : {},
    trained: [module.set],
    losses(_tape, batch, mode) {
      const levels = module.pyramid(batch, mode);
      return lossesAgainstTruth(batch, module, module.predictions(batch.tape, levels, mode));
    },
  };
}

/** Name of a level's losses in reports: "P3 mse". */
export const levelLoss = (level: number, kind: "mse" | "cosine"): string => `P${level} ${kind}`;

/** Means over squares of 2 · radius + 1 locations; beyond the edges the map counts as 0. */
function blurred(tape: Tape, map: Tensor, radius: number): Tensor {
  if (radius === 0) return map;
  const [, channels] = map.shape;
  const kernel = 2 * radius + 1;
  const weight = new Float32Array(channels * kernel ** 2).fill(1 / kernel ** 2);
  const weights = tape.constant(`blur of ${kernel}`, [channels, 1, kernel, kernel], weight);
  return depthwiseConv2d(tape, map, weights, { stride: 1, padding: "symmetric" });
}

/** A student sees its image and learns its teacher's maps of another; the mean over levels of each level's loss is minimised. */
function distillationTask(
  modules: Modules,
  name: string,
  { teacher: teacherName = "module_c", ...own }: StudentDesign,
  config: Config,
): StageTask {
  const { loss: kind, start, tap, levels: chosen, blur } = { ...config.distillation, ...own };
  const [student, teacher] = [modules[name], modules[teacherName]];
  const mapsOf = (module: RegimeModule, batch: BatchInputs, mode: LayerMode) =>
    tap === "pyramid" ? module.pyramid(batch, mode) : module.backboneMaps(batch, mode);
  return {
    stage: 2,
    name,
    title: `stage 2, ${name} on ${pictured[student.image]} towards ${teacherName} on ${pictured[teacher.image]}`,
    trains: [name],
    reads: [teacherName],
    startsFrom: start === "random" ? {} : { [name]: start },
    trained: [student.set],
    losses(tape, batch, mode) {
      const wanted = mapsOf(teacher, batch, frozen);
      const maps = mapsOf(student, batch, mode);
      const parts: Record<string, Tensor> = {};
      maps.forEach((map, index) => {
        const level = student.config.minLevel + index;
        if (chosen && !chosen.includes(level)) return;
        tape.scope(`distillation P${level}`, () => {
          const [ours, theirs] = [blurred(tape, map, blur), blurred(tape, wanted[index], blur)];
          parts[levelLoss(level, "mse")] = meanSquaredError(tape, ours, theirs);
          parts[levelLoss(level, "cosine")] = cosineDistance(tape, ours, theirs);
        });
      });
      const minimised = Object.entries(parts).filter(([part]) => kind === "both" || part.endsWith(kind));
      const sum = minimised.map(([, part]) => part).reduce((total, part) => add(tape, total, part));
      return { loss: scale(tape, sum, 2 / Object.keys(parts).length), ...parts };
    },
  };
}

/** A model's heads, against the lesions as its first image shows them. */
function predictorTask(model: Model, branches: readonly string[]): StageTask {
  const networks = model.branches.map(({ set }) => set.name);
  const trained = [...model.heads, ...(model.fineTuned ? model.branches : [])].map(({ set }) => set);
  return {
    stage: 3,
    name: predictorName(model.name),
    title: `stage 3, ${model.name}: ${model.fusion} of ${branches.join(" and ")}`,
    trains: trained.map(({ name }) => name),
    reads: model.fineTuned ? [] : [...new Set(networks)],
    startsFrom: model.fineTuned
      ? Object.fromEntries(networks.map((copy, index) => [copy, branches[index]]))
      : {},
    trained,
    losses(_tape, batch, mode) {
      const predictions = model.predictions(batch, mode, model.fineTuned ? mode : frozen);
      return lossesAgainstTruth(batch, model.heads[0], predictions);
    },
  };
}

/** Every task of a run, in the order in which they depend on each other. */
export function stageTasks(modules: Modules, config: Config): StageTask[] {
  return [
    ...Object.entries(config.detectors).map(([name, { start }]) => detectorTask(modules[name], start)),
    ...Object.entries(config.students).map(([name, student]) =>
      distillationTask(modules, name, student, config),
    ),
    ...comparedModels(modules, config)
      .filter(({ fusion }) => fusion !== "own")
      .map((model) => predictorTask(model, config.models[model.name].branches)),
  ];
}
