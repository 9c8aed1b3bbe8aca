// The training loop of one task: two batches in flight, a validation after every epoch, and a state that resumes bit
// for bit.
import { type OptimizerOptions, scheduleValues } from "../autograd/operations/optimizer.ts";
import { UserError } from "../base/errors.ts";
import type { Batch } from "../data/batch.ts";
import type { PairLoader } from "../data/loader.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { Inputs, Outputs } from "../engine/program.ts";
import { averageRateAt, learningRateAt, type ScheduleOptions } from "./schedule.ts";
import { compileTask, inputsOf, type TaskPrograms } from "./step.ts";
import type { BatchShape, Task } from "./task.ts";

export interface TrainingOptions extends ScheduleOptions {
  readonly shape: BatchShape;
  readonly epochs: number;
  readonly seed: number;
  readonly optimizer: OptimizerOptions;
  /** Decay of the exponential average of parameters that validation and inference use. */
  readonly averageDecay: number;
  /** Epochs in which batch norms normalise by the batch; in the others by the running statistics, as in inference. */
  readonly batchStatisticsEpochs: number;
  /** Seconds between two saved states within an epoch. */
  readonly saveEvery: number;
}

/** How far training is: where the next batch lies, and what the epoch's losses add up to so far. */
export interface Progress {
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  readonly sums: Readonly<Record<string, number>>;
}

export const noProgress: Progress = { epoch: 0, batch: 0, step: 0, sums: {} };

export type Scalars = Readonly<Record<string, number>>;

export interface StepReport {
  readonly epoch: number;
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  readonly losses: Scalars;
  readonly learningRate: number;
  readonly gradientNorm: number;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Whether batch norms normalised by the batch, which validation never does. */
  readonly batchStatistics: boolean;
  readonly training: Scalars;
  readonly validation: Scalars;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Seconds of this epoch in which the device had nothing to do because no batch was ready. */
  readonly waitSeconds: number;
}

export interface TrainingHooks {
  /** Called once, before anything is compiled, with the plan of the training step. */
  onPlan(step: Plan): void;
  onStep(report: StepReport): void;
  onEpoch(report: EpochReport): Promise<void>;
  save(progress: Progress): Promise<void>;
  /** Whether to save and stop after the current step. */
  interrupted(): boolean;
}

/** Thrown after the state was saved because the user asked to stop. */
export class Interrupted extends Error {}

const batchesInFlight = 2;

export class Trainer {
  #progress: Progress;

  private constructor(
    private readonly task: Task,
    private readonly programs: TaskPrograms,
    private readonly loaders: { readonly training: PairLoader; readonly validation: PairLoader },
    private readonly options: TrainingOptions,
    private readonly hooks: TrainingHooks,
    from: Progress,
  ) {
    this.#progress = from;
  }

  /**
   * Trains a task whose sets hold their first values, or the state that goes with `from`.
   * @throws UserError when a loss is no number any more, or the plan does not fit; Interrupted.
   */
  static async train(
    engine: Engine,
    task: Task,
    loaders: { readonly training: PairLoader; readonly validation: PairLoader },
    options: TrainingOptions,
    hooks: TrainingHooks,
    from: Progress = noProgress,
  ): Promise<void> {
    const { shape, optimizer } = options;
    const programs = await compileTask(engine, task, shape, optimizer, (step) => hooks.onPlan(step));
    try {
      const trainer = new Trainer(task, programs, loaders, options, hooks, from);
      while (trainer.#progress.epoch < options.epochs) await trainer.#epoch();
    } finally {
      for (const program of Object.values(programs)) program.release();
    }
  }

  async #epoch(): Promise<void> {
    const { training } = this.loaders;
    const started = performance.now();
    const firstBatch = this.#progress.batch;
    const waited = training.waitSeconds;
    await this.#steps();
    const seconds = (performance.now() - started) / 1000;
    const { epoch, sums } = this.#progress;
    const batches = training.batchesPerEpoch;
    const mean = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / batches]));
    const report = {
      epoch: epoch + 1,
      epochs: this.options.epochs,
      batchStatistics: this.#batchStatistics,
      training: mean,
      seconds,
      imagesPerSecond: ((batches - firstBatch) * this.options.shape.batch) / seconds,
      waitSeconds: training.waitSeconds - waited,
    };
    await this.hooks.onEpoch({ ...report, validation: await this.#validate() });
    this.#progress = { epoch: epoch + 1, batch: 0, step: this.#progress.step, sums: {} };
    await this.hooks.save(this.#progress);
  }

  /** The rest of the current epoch. */
  async #steps(): Promise<void> {
    const { epoch, batch: firstBatch } = this.#progress;
    const inFlight: Promise<() => void>[] = [];
    const drain = async (left: number) => {
      while (inFlight.length > left) (await inFlight.shift()!)();
    };
    let submitted = this.#progress.step;
    let saved = performance.now();
    try {
      for await (const batch of this.loaders.training.batches(epoch, firstBatch)) {
        inFlight.push(this.#submit(batch, submitted++));
        await drain(batchesInFlight - 1);
        const due = performance.now() - saved > 1000 * this.options.saveEvery;
        if (!due && !this.hooks.interrupted()) continue;
        await drain(0);
        await this.hooks.save(this.#progress);
        saved = performance.now();
        if (this.hooks.interrupted()) throw new Interrupted(this.task.title);
      }
      await drain(0);
    } finally {
      await Promise.allSettled(inFlight);
    }
  }

  get #batchStatistics(): boolean {
    return this.#progress.epoch < this.options.batchStatisticsEpochs;
  }

  /** Submits one step. @returns what to do once its outputs are there. */
  async #submit(batch: Batch, step: number): Promise<() => void> {
    const { seed, optimizer, averageDecay, epochs } = this.options;
    const steps = epochs * this.loaders.training.batchesPerEpoch;
    const learningRate = learningRateAt(step, steps, this.options);
    const program = this.#batchStatistics ? this.programs.step : this.programs.frozenStep;
    const outputs = await program.run(
      inputsOf(program, {
        ...hostInputs(batch),
        random: Uint32Array.of(seed, step),
        schedule: scheduleValues(optimizer, learningRate, step + 1),
        averageRate: Float32Array.of(averageRateAt(step, averageDecay)),
      }),
    );
    return () => this.#account(outputs, { step: step + 1, steps, learningRate });
  }

  #account(outputs: Outputs<string>, at: { step: number; steps: number; learningRate: number }): void {
    const { squaredNorm, ...losses } = scalars(outputs);
    const wrong = Object.entries({ ...losses, "gradient norm": squaredNorm }).find(
      ([, value]) => !Number.isFinite(value),
    );
    if (wrong)
      throw new UserError(
        `${this.task.title}: ${wrong[0]} is ${wrong[1]} at step ${at.step}: start again with a lower learningRate; the last checkpoint stands`,
      );
    const { epoch, batch, sums } = this.#progress;
    const added = Object.entries(losses).map(([name, value]) => [name, (sums[name] ?? 0) + value]);
    this.#progress = { epoch, batch: batch + 1, step: at.step, sums: Object.fromEntries(added) };
    this.hooks.onStep({ epoch: epoch + 1, ...at, losses, gradientNorm: Math.sqrt(squaredNorm) });
  }

  /** Mean losses over the validation pairs, a batch weighing as much as it holds pairs. */
  async #validate(): Promise<Scalars> {
    const { validation } = this.programs;
    const sums: Record<string, number> = {};
    let pairs = 0;
    for await (const batch of this.loaders.validation.batches(0)) {
      const losses = scalars(await validation.run(inputsOf(validation, hostInputs(batch))));
      for (const [name, value] of Object.entries(losses))
        sums[name] = (sums[name] ?? 0) + value * batch.indices.length;
      pairs += batch.indices.length;
    }
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / pairs]));
  }
}

/** A batch under the names of `BatchInputs`. */
export function hostInputs({ indices, ...arrays }: Batch): Inputs {
  return arrays;
}

const scalars = (outputs: Outputs<string>): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, [value]]) => [name, value]));
