// One task of the regime, from its first values or a saved state to the checkpoints of what it trains.
import { initialValues } from "../autograd/parameters.ts";
import type { ProgressBar, Reporter } from "../base/reporter.ts";
import type { PairLoader } from "../data/loader.ts";
import type { DetectorModule } from "../detector/module.ts";
import type { Engine } from "../engine/engine.ts";
import { megabytes, type Plan, summarizePlan } from "../engine/plan.ts";
import {
  loadModule,
  loadState,
  loadTensors,
  readTensorFile,
  saveModule,
  saveState,
} from "../train/checkpoint.ts";
import { startFromPretrained } from "../train/pretrained.ts";
import { finishSets, prepareSets } from "../train/step.ts";
import {
  type EpochReport,
  noProgress,
  type Progress,
  type Scalars,
  type StepReport,
  Trainer,
  type TrainingHooks,
  type TrainingOptions,
} from "../train/trainer.ts";
import type { Modules } from "./modules.ts";
import { effectiveRanks, PyramidProbe } from "./probe.ts";
import type { RunFolder } from "./runFolder.ts";
import type { StageTask } from "./stages.ts";
import { Watch } from "./watch.ts";

export interface TaskContext {
  readonly engine: Engine;
  readonly folder: RunFolder;
  readonly modules: Modules;
  readonly loaders: { readonly training: PairLoader; readonly validation: PairLoader };
  readonly options: TrainingOptions;
  readonly reporter: Reporter;
  interrupted(): boolean;
}

/** What a checkpoint says about the module that it holds. */
function describeModule({ config, parts }: DetectorModule): Record<string, string> {
  const { model, numClasses, inChannels, padding } = config;
  return { format: "diptych", ...asText({ model, numClasses, inChannels, padding, ...parts }) };
}

const asText = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

/** First values from the file that the configuration names for the module's images. */
async function startPretrained(
  { engine, modules, options, reporter }: TaskContext,
  name: string,
  path: string,
) {
  const { set } = modules[name];
  const { tensors } = await readTensorFile(path);
  const { planes, drawn } = startFromPretrained(set, tensors, path, options.seed);
  for (const [plane, values] of planes) engine.writePlane(plane, values);
  const rest = drawn.length === 0 ? "" : `; ${drawn.length} tensors are new, the first is ${drawn[0]}`;
  reporter.note(`${name}: starts from ${path}${rest}`);
}

/** First values of a trained module: drawn, and then those of the module that it starts as, where it has the same. */
async function startModule(context: TaskContext, name: string, from?: string) {
  const { engine, folder, modules, options } = context;
  const { set, parts, image } = modules[name];
  const pretrained = image === "both" ? null : folder.config.pretrained[image];
  if (!from && pretrained && parts.features) return startPretrained(context, name, pretrained);
  if (!from) {
    engine.writePlane(set.plane("values"), initialValues(set.parameters, options.seed, name));
    engine.writePlane(set.plane("statistics"), initialValues(set.statistics, options.seed, name));
    return;
  }
  const path = folder.checkpoint(from);
  const { tensors } = await readTensorFile(path);
  const known = [...tensors].filter(([tensor]) => set.parameters.find(tensor) ?? set.statistics.find(tensor));
  loadTensors(engine, set, new Map(known), path);
}

async function startOrResume(context: TaskContext, task: StageTask): Promise<Progress> {
  const { engine, folder, modules, reporter } = context;
  for (const name of task.reads) await loadModule(engine, modules[name].set, folder.checkpoint(name));
  for (const name of task.trains) await startModule(context, name, task.startsFrom[name]);
  await prepareSets(engine, task.trained);
  const state = folder.state(task.name);
  if (!folder.has(state)) {
    await folder.rewindMetrics(task.name, 0);
    return noProgress;
  }
  const progress = (await loadState(engine, task.trained, state)) as Progress;
  await folder.rewindMetrics(task.name, progress.step);
  reporter.note(`${task.title}: goes on after step ${progress.step}`);
  return progress;
}

/** Looks at the feature networks that a task trains; undefined where it trains heads alone. */
async function createProbe({ engine, modules, options }: TaskContext, task: StageTask) {
  const networks = task.trains.map((name) => modules[name]).filter(({ parts }) => parts.features);
  return networks.length > 0 ? PyramidProbe.create(engine, networks, options.shape, true) : undefined;
}

/** Effective ranks on the first validation batch, by network and level. */
async function measureRanks(probe: PyramidProbe, loader: PairLoader): Promise<Scalars> {
  for await (const batch of loader.batches(0)) {
    const networks = Object.entries(await probe.pyramids(batch)).map(([network, maps]) =>
      Object.entries(effectiveRanks(maps)).map(([level, rank]) => [`${network} ${level}`, rank]),
    );
    return Object.fromEntries(networks.flat());
  }
  return {};
}

/** Bar, log lines, metrics and warnings of a task. */
class TaskReport {
  readonly #watch: Watch;
  readonly #started = performance.now();
  #bar: ProgressBar | undefined;
  #step = 0;
  #first: { readonly step: number; readonly at: number } | undefined;

  constructor(
    private readonly context: TaskContext,
    private readonly task: StageTask,
    private readonly probe: PyramidProbe | undefined,
  ) {
    this.#watch = new Watch(task.stage);
  }

  plan(step: Plan): void {
    const { dispatches, flops, totalBytes } = summarizePlan(step);
    const size = `${dispatches} dispatches, ${(flops / 1e9).toFixed(2)} GFLOP, ${megabytes(totalBytes)}`;
    this.context.reporter.note(`${this.task.title}: a step is ${size}; compiling`);
  }

  step(report: StepReport): void {
    const { step, steps, losses, learningRate, gradientNorm } = report;
    this.#step = step;
    if (!this.#bar) {
      const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
      this.context.reporter.note(`${this.task.title}: first step done after ${seconds} s`);
      this.#bar = this.context.reporter.progress(this.task.title, steps);
    }
    this.#bar.update(step, `loss ${losses.loss.toPrecision(4)}, ${this.#imagesPerSecond(step)}`);
    const line = { task: this.task.name, step, ...losses, learningRate, gradientNorm };
    this.context.folder.appendMetrics(line);
  }

  /** Since the first step, so that compilation does not count. */
  #imagesPerSecond(step: number): string {
    this.#first ??= { step, at: performance.now() };
    const images = (step - this.#first.step) * this.context.options.shape.batch;
    if (images === 0) return "first step done";
    return `${((1000 * images) / (performance.now() - this.#first.at)).toFixed(1)} images/s`;
  }

  async epoch(report: EpochReport): Promise<void> {
    const { reporter, folder, loaders } = this.context;
    const ranks = this.probe ? await measureRanks(this.probe, loaders.validation) : {};
    folder.appendMetrics({ task: this.task.name, step: this.#step, ...report, ranks });
    reporter.note(`${this.task.title}: ${epochLine(report)}`);
    for (const [name, loader] of Object.entries(loaders))
      for (const line of loader.takeNews()) this.#warn(`${name} pairs: ${line}`);
    for (const warning of this.#watch.after(report, ranks)) this.#warn(`${this.task.title}: ${warning}`);
  }

  #warn(line: string): void {
    this.context.reporter.warn(line);
    this.context.folder.appendWarning(this.task.name, line);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

function epochLine({ epoch, epochs, training, validation, ...report }: EpochReport): string {
  const speed = `${report.imagesPerSecond.toFixed(1)} images/s, waited ${report.waitSeconds.toFixed(2)} s for data`;
  return `epoch ${epoch}/${epochs}: loss ${training.loss.toPrecision(4)}, validation ${validation.loss.toPrecision(4)}${cosines(validation)}, ${speed}`;
}

/** The levels' mean cosines, for distillation. */
function cosines(validation: Scalars): string {
  const levels = Object.entries(validation).filter(([name]) => name.endsWith(" cosine"));
  if (levels.length === 0) return "";
  return `, cosine ${levels.map(([name, distance]) => `${name.slice(0, 2)} ${(1 - distance).toFixed(3)}`).join(" ")}`;
}

/**
 * Trains a task and writes the checkpoints of its modules; does nothing when they are all there.
 * @throws Interrupted after the state has been saved.
 */
export async function trainTask(context: TaskContext, task: StageTask): Promise<void> {
  const { engine, folder, modules, reporter } = context;
  if (task.trains.every((name) => folder.has(folder.checkpoint(name)))) {
    reporter.note(`${task.title}: already trained`);
    return;
  }
  const progress = await startOrResume(context, task);
  const probe = await createProbe(context, task);
  const report = new TaskReport(context, task, probe);
  const hooks: TrainingHooks = {
    onPlan: (step) => report.plan(step),
    onStep: (step) => report.step(step),
    onEpoch: (epoch) => report.epoch(epoch),
    save: (reached) => saveState(engine, task.trained, folder.state(task.name), reached),
    interrupted: () => context.interrupted(),
  };
  try {
    await Trainer.train(engine, task, context.loaders, context.options, hooks, progress);
  } finally {
    report.stop();
    probe?.release();
  }
  await finishSets(engine, task.trained);
  for (const name of task.trains)
    await saveModule(engine, modules[name].set, folder.checkpoint(name), describeModule(modules[name]));
  await folder.remove(folder.state(task.name));
}
