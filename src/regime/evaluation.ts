// What trained models find on pairs, and what it amounts to.
import type { Reporter } from "../base/reporter.ts";
import type { PairRecord } from "../data/manifest.ts";
import type { Engine } from "../engine/engine.ts";
import { planTape, summarizePlan } from "../engine/plan.ts";
import { quantile } from "../evaluate/bootstrap.ts";
import { type ImageResult, matchRule } from "../evaluate/detection.ts";
import { type FurtherFigures, furtherFigures } from "../evaluate/furtherFigures.ts";
import { type Summary, summarizeModels } from "../evaluate/summary.ts";
import { loadModule } from "../train/checkpoint.ts";
import type { BatchShape } from "../train/task.ts";
import type { Config } from "./config.ts";
import { detect, recordInference } from "./detect.ts";
import { batchShape, type RunLoaders } from "./loaders.ts";
import type { Model } from "./models.ts";
import type { Modules } from "./modules.ts";
import { comparePyramids, type LevelSimilarity } from "./probe.ts";
import type { RunFolder } from "./runFolder.ts";

/** Trained modules, where their checkpoints are, and pairs for them. */
export interface TrainedContext {
  readonly engine: Engine;
  readonly folder: RunFolder;
  readonly modules: Modules;
  readonly loaders: RunLoaders;
  readonly reporter: Reporter;
}

/** What a model's answer to one image takes. */
export interface ModelCost {
  readonly parameters: number;
  readonly flops: number;
  /** Median over the batches, from upload to readback. */
  readonly milliseconds: number;
}

export interface Detected {
  /** By model, in the order of the pairs. */
  readonly detections: Readonly<Record<string, readonly ImageResult[]>>;
  readonly costs: Readonly<Record<string, ModelCost>>;
}

function costOf(
  model: Model,
  modules: Modules,
  shape: BatchShape,
  milliseconds: readonly number[],
): ModelCost {
  const { tape, outputs } = recordInference(model, shape);
  const { flops } = summarizePlan(planTape(tape, Object.values(outputs)));
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return {
    parameters: model.modules.reduce((sum, name) => sum + modules[name].set.parameters.count, 0),
    flops: flops / shape.batch,
    milliseconds: quantile(sorted, 0.5) / shape.batch,
  };
}

/** Detections of every model on pairs. @throws UserError naming a checkpoint or an image that cannot be read. */
export async function detectAll(
  { engine, folder, modules, loaders, reporter }: TrainedContext,
  models: readonly Model[],
  pairs: readonly PairRecord[],
): Promise<Detected> {
  const shape = batchShape(folder.config);
  const { nmsIou, maxDetections } = folder.config.evaluation;
  const bar = reporter.progress("detection", pairs.length * models.length);
  const detections: Record<string, readonly ImageResult[]> = {};
  const costs: Record<string, ModelCost> = {};
  const loader = loaders.inOrder(pairs);
  let done = 0;
  try {
    for (const model of models) {
      for (const name of model.modules) await loadModule(engine, modules[name].set, folder.checkpoint(name));
      const times: number[] = [];
      const onBatch = (images: number, milliseconds: number) => {
        times.push(milliseconds);
        bar.update((done += images), model.name);
      };
      const options = { nmsIou, maxDetections };
      detections[model.name] = await detect(engine, model, loader, pairs, shape, options, onBatch);
      costs[model.name] = costOf(model, modules, shape, times);
    }
  } finally {
    bar.stop();
    await loader.close();
  }
  return { detections, costs };
}

/** Figures of detections, and the differences of the models that the configuration compares, where both are there. */
export function figuresOf(
  detections: Detected["detections"],
  { seed, evaluation, comparisons }: Config,
): Summary & { readonly further: FurtherFigures } {
  const differences = comparisons.filter((pair) => pair.every((name) => name in detections));
  const rule = matchRule(evaluation.rule);
  const options = { seed, differences, resamples: evaluation.resamples, frocRule: rule };
  return { ...summarizeModels(detections, options), further: furtherFigures(detections, differences, rule) };
}

/** By student and level. */
export type Similarities = Readonly<Record<string, Readonly<Record<string, LevelSimilarity>>>>;

/** How near each student's pyramid comes to its teacher's on the validation pairs. */
export async function measureSimilarities(context: TrainedContext): Promise<Similarities> {
  const { engine, folder, modules, loaders } = context;
  const similarities: Record<string, Readonly<Record<string, LevelSimilarity>>> = {};
  const loader = loaders.inOrder(loaders.pairs("validation"), { workers: 1 });
  try {
    for (const [name, { teacher = "module_c" }] of Object.entries(folder.config.students)) {
      for (const module of [name, teacher])
        await loadModule(engine, modules[module].set, folder.checkpoint(module));
      const shape = batchShape(folder.config);
      similarities[name] = await comparePyramids(engine, modules[name], modules[teacher], loader, shape);
    }
  } finally {
    await loader.close();
  }
  return similarities;
}
