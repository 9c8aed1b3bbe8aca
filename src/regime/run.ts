// The whole run: the stages in order, then the models on the test pairs.
import type { OptimizerOptions } from "../autograd/operations/optimizer.ts";
import type { Reporter } from "../base/reporter.ts";
import type { Manifest } from "../data/manifest.ts";
import type { Engine } from "../engine/engine.ts";
import type { FurtherFigures } from "../evaluate/furtherFigures.ts";
import type { Summary } from "../evaluate/summary.ts";
import type { TrainingOptions } from "../train/trainer.ts";
import type { Config } from "./config.ts";
import {
  detectAll,
  figuresOf,
  type ModelCost,
  measureSimilarities,
  type Similarities,
} from "./evaluation.ts";
import { batchShape, RunLoaders } from "./loaders.ts";
import { comparedModels } from "./models.ts";
import { type Modules, modulesOf } from "./modules.ts";
import type { RunFolder } from "./runFolder.ts";
import { type StageTask, stageTasks } from "./stages.ts";
import { type TaskContext, trainTask } from "./trainTask.ts";

export interface RunContext {
  readonly engine: Engine;
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly reporter: Reporter;
  /** Whether the user has asked to stop. */
  interrupted(): boolean;
}

/** What results.json holds. */
export interface Results extends Summary {
  readonly further: FurtherFigures;
  readonly distillation: Similarities;
  readonly costs: Readonly<Record<string, ModelCost>>;
  readonly seconds: Readonly<Record<string, number>>;
  readonly adapter: unknown;
  /** The choices of kernels that the last part of the run was computed by. */
  readonly tuning: string;
}

function trainingOptions(config: Config, { stage, trains, startsFrom }: StageTask): TrainingOptions {
  const { seed, optimizer, learningRate, warmup, averageDecay, batchStatistics, saveEvery } = config;
  const epochs = config.epochs[`stage${stage}`];
  const isTrained = trains.every((name) => name in startsFrom);
  return {
    shape: batchShape(config),
    epochs,
    batchStatisticsEpochs: isTrained ? 0 : Math.ceil(batchStatistics * epochs),
    seed,
    optimizer: optimizer as OptimizerOptions,
    learningRate,
    warmup,
    averageDecay,
    saveEvery,
  };
}

class Run {
  readonly #modules: Modules;
  readonly #loaders: RunLoaders;
  readonly #seconds: Record<string, number> = {};

  constructor(private readonly context: RunContext) {
    const { manifest } = context;
    this.#modules = modulesOf(this.#config, manifest.classes.length);
    this.#loaders = new RunLoaders(this.#config, manifest);
  }

  get #config(): Config {
    return this.context.folder.config;
  }

  async #timed<T>(name: string, body: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await body();
    this.#seconds[name] = (performance.now() - started) / 1000;
    return result;
  }

  /** Trains the tasks of stages 1 to `lastStage`. */
  async train(lastStage: number): Promise<void> {
    const { labelled, all } = this.#loaders.training();
    const validation = this.#loaders.validation();
    try {
      for (const task of stageTasks(this.#modules, this.#config)) {
        if (task.stage > lastStage) continue;
        const context: TaskContext = {
          ...this.context,
          interrupted: () => this.context.interrupted(),
          modules: this.#modules,
          loaders: { training: task.stage === 2 ? all : labelled, validation },
          options: trainingOptions(this.#config, task),
        };
        await this.#timed(task.name, () => trainTask(context, task));
      }
    } finally {
      await Promise.all([labelled, all, validation].map((loader) => loader.close()));
    }
  }

  /** Detections of every model on the test pairs, and what they amount to. */
  async evaluate(): Promise<Results> {
    const { engine, folder, reporter } = this.context;
    const context = { engine, folder, reporter, modules: this.#modules, loaders: this.#loaders };
    const models = comparedModels(this.#modules, this.#config);
    const pairs = this.#loaders.pairs("test");
    const { detections, costs } = await this.#timed("evaluation", () => detectAll(context, models, pairs));
    await folder.writeJson("detections.json", detections);
    const { adapter, tuningIdentity: tuning } = engine;
    const results = {
      ...figuresOf(detections, this.#config),
      distillation: await measureSimilarities(context),
      costs,
      seconds: this.#seconds,
      adapter,
      tuning,
    };
    await folder.writeJson("results.json", results);
    reporter.note(`results in ${folder.file("results.json")}`);
    return results;
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
