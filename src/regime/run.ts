// The whole run: the stages in order, then the five models on the test pairs.
import { join } from "node:path";
import type { OptimizerOptions } from "../autograd/operations/optimizer.ts";
import { cacheFolder } from "../base/files.ts";
import type { Reporter } from "../base/reporter.ts";
import { type LoaderOptions, PairLoader } from "../data/loader.ts";
import type { Manifest, PairRecord, Split } from "../data/manifest.ts";
import { pairCacheName } from "../data/pairCache.ts";
import { patientShare } from "../data/subset.ts";
import type { Engine } from "../engine/engine.ts";
import { planTape, summarizePlan } from "../engine/plan.ts";
import { quantile } from "../evaluate/bootstrap.ts";
import { type ImageResult, iouRule } from "../evaluate/detection.ts";
import { type FurtherFigures, furtherFigures } from "../evaluate/furtherFigures.ts";
import { type Summary, summarizeModels } from "../evaluate/summary.ts";
import { loadModule } from "../train/checkpoint.ts";
import type { BatchShape } from "../train/task.ts";
import type { TrainingOptions } from "../train/trainer.ts";
import type { Config } from "./config.ts";
import { detect, recordInference } from "./detect.ts";
import { comparedModels, type Model } from "./models.ts";
import { type Modules, modulesOf } from "./modules.ts";
import { comparePyramids, type LevelSimilarity } from "./probe.ts";
import type { RunFolder } from "./runFolder.ts";
import { stageTasks } from "./stages.ts";
import { type TaskContext, trainTask } from "./trainTask.ts";

export interface RunContext {
  readonly engine: Engine;
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly reporter: Reporter;
  /** Whether the user has asked to stop. */
  interrupted(): boolean;
}

/** What a model's answer to one image takes. */
export interface ModelCost {
  readonly parameters: number;
  readonly flops: number;
  /** Median over the batches, from upload to readback. */
  readonly milliseconds: number;
}

function costOf(model: Model, modules: Modules, shape: BatchShape, batches: readonly number[]): ModelCost {
  const { tape, outputs } = recordInference(model, shape);
  const { flops } = summarizePlan(planTape(tape, Object.values(outputs)));
  return {
    parameters: model.modules.reduce((sum, name) => sum + modules[name].set.parameters.count, 0),
    flops: flops / shape.batch,
    milliseconds: quantile(
      batches.toSorted((a, b) => a - b),
      0.5,
    ),
  };
}

/** What results.json holds. */
export interface Results extends Summary {
  readonly further: FurtherFigures;
  /** By student and level. */
  readonly distillation: Readonly<Record<string, Readonly<Record<string, LevelSimilarity>>>>;
  readonly costs: Readonly<Record<string, ModelCost>>;
  readonly seconds: Readonly<Record<string, number>>;
  readonly adapter: unknown;
  /** The choices of kernels that the last part of the run was computed by. */
  readonly tuning: string;
}

const mebibyte = 2 ** 20;

class Run {
  readonly #modules: Modules;
  readonly #shape: BatchShape;
  readonly #seconds: Record<string, number> = {};
  readonly #costs: Record<string, ModelCost> = {};

  constructor(private readonly context: RunContext) {
    const { folder, manifest } = context;
    const { config } = folder;
    const [height, width] = config.imageSize;
    this.#modules = modulesOf(config, manifest.classes.length);
    this.#shape = { batch: config.batch, height, width, maxBoxes: config.maxBoxes };
  }

  get #config(): Config {
    return this.context.folder.config;
  }

  #pairs(split: Split) {
    return this.context.manifest.pairs.filter((pair) => pair.split === split);
  }

  /** Training pairs whose lesions are known. */
  get #labelled(): PairRecord[] {
    const { labels, seed } = this.#config;
    return patientShare(this.#pairs("train"), labels.share, seed);
  }

  #loader(pairs: readonly PairRecord[], options: Partial<LoaderOptions> = {}): PairLoader {
    const { seed, workers, preprocess, cache } = this.#config;
    const { height, width } = this.#shape;
    const name = pairCacheName(this.context.manifest.path, { height, width, preprocess });
    const common = {
      ...this.#shape,
      seed,
      shuffle: false,
      preprocess,
      workers,
      memoryBytes: cache.memory * mebibyte,
      cache: { folder: join(cacheFolder(), name), height, width, maxBytes: cache.disk * mebibyte },
    };
    return new PairLoader(pairs, { ...common, ...options });
  }

  async #timed<T>(name: string, body: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await body();
    this.#seconds[name] = (performance.now() - started) / 1000;
    return result;
  }

  /** Trains the tasks of stages 1 to `lastStage`. */
  async train(lastStage: number): Promise<void> {
    const { augment, positives, unreadable, misregistration, labels } = this.#config;
    const isMoved = Object.values(misregistration).some((extent) => extent > 0);
    const misregister = isMoved ? { misregister: misregistration } : {};
    const sampling = { ...misregister, shuffle: true, augment, unreadable, dropLast: true };
    const labelled = this.#loader(this.#labelled, { ...sampling, positives });
    const all =
      labels.share < 1 && labels.distillOn === "all"
        ? this.#loader(this.#pairs("train"), { ...sampling, positives })
        : labelled;
    const validation = this.#loader(this.#pairs("validation"), { ...misregister, workers: 1 });
    try {
      for (const task of stageTasks(this.#modules, this.#config)) {
        if (task.stage > lastStage) continue;
        const options = this.#trainingOptions(task.stage);
        const context: TaskContext = {
          ...this.context,
          interrupted: () => this.context.interrupted(),
          modules: this.#modules,
          loaders: { training: task.stage === 2 ? all : labelled, validation },
          options,
        };
        await this.#timed(task.name, () => trainTask(context, task));
      }
    } finally {
      await Promise.all([labelled, all, validation].map((loader) => loader.close()));
    }
  }

  #trainingOptions(stage: 1 | 2 | 3): TrainingOptions {
    const { seed, optimizer, learningRate, warmup, averageDecay, batchStatistics, saveEvery } = this.#config;
    const epochs = this.#config.epochs[`stage${stage}`];
    return {
      shape: this.#shape,
      epochs,
      batchStatisticsEpochs: Math.ceil(batchStatistics * epochs),
      seed,
      optimizer: optimizer as OptimizerOptions,
      learningRate,
      warmup,
      averageDecay,
      saveEvery,
    };
  }

  /** Detections of every model on the test pairs, and what they amount to. */
  async evaluate(): Promise<Results> {
    const { engine, folder, reporter } = this.context;
    const { seed, evaluation, comparisons } = this.#config;
    const results = await this.#timed("evaluation", () => this.#detectAll());
    await folder.writeJson("detections.json", results);
    const summary = summarizeModels(results, {
      seed,
      differences: comparisons,
      resamples: evaluation.resamples,
    });
    const further = furtherFigures(results, comparisons, iouRule(0.1));
    const distillation = await this.#distillation();
    const { adapter, tuningIdentity: tuning } = engine;
    const complete = {
      ...summary,
      further,
      distillation,
      costs: this.#costs,
      seconds: this.#seconds,
      adapter,
      tuning,
    };
    await folder.writeJson("results.json", complete);
    reporter.note(`results in ${folder.file("results.json")}`);
    return complete;
  }

  async #detectAll(): Promise<Record<string, ImageResult[]>> {
    const { reporter } = this.context;
    const models = comparedModels(this.#modules, this.#config);
    const pairs = this.#pairs("test");
    const bar = reporter.progress("detection on the test pairs", pairs.length * models.length);
    const results: Record<string, ImageResult[]> = {};
    let done = 0;
    try {
      for (const model of models)
        results[model.name] = await this.#detect(model, (images) => bar.update((done += images), model.name));
    } finally {
      bar.stop();
    }
    return results;
  }

  async #detect(model: Model, onBatch: (images: number) => void): Promise<ImageResult[]> {
    const { engine, folder } = this.context;
    for (const name of model.modules)
      await loadModule(engine, this.#modules[name].set, folder.checkpoint(name));
    const { nmsIou, maxDetections } = this.#config.evaluation;
    const loader = this.#loader(this.#pairs("test"));
    const batches: number[] = [];
    const onDetected = (images: number, milliseconds: number) => {
      batches.push(milliseconds / this.#shape.batch);
      onBatch(images);
    };
    try {
      const options = { nmsIou, maxDetections };
      const pairs = this.#pairs("test");
      return await detect(engine, model, loader, pairs, this.#shape, options, onDetected);
    } finally {
      await loader.close();
      this.#costs[model.name] = costOf(model, this.#modules, this.#shape, batches);
    }
  }

  /** How near each student's pyramid comes to its teacher's on the validation pairs, level by level. */
  async #distillation() {
    const { engine, folder } = this.context;
    const similarities: Record<string, Readonly<Record<string, LevelSimilarity>>> = {};
    for (const [name, { teacher = "module_c" }] of Object.entries(this.#config.students)) {
      for (const module of [name, teacher])
        await loadModule(engine, this.#modules[module].set, folder.checkpoint(module));
      const loader = this.#loader(this.#pairs("validation"), { workers: 1 });
      try {
        const [ours, theirs] = [this.#modules[name], this.#modules[teacher]];
        similarities[name] = await comparePyramids(engine, ours, theirs, loader, this.#shape);
      } finally {
        await loader.close();
      }
    }
    return similarities;
  }
}

/**
 * Trains what is not trained yet, up to a stage; after the third, evaluates.
 * @returns undefined when the run stops before the third stage.
 * @throws UserError when the data or the configuration cannot be used; Interrupted when the user asked to stop.
 */
export async function runRegime(context: RunContext, lastStage: number): Promise<Results | undefined> {
  const run = new Run(context);
  await run.train(lastStage);
  return lastStage < 3 ? undefined : run.evaluate();
}
