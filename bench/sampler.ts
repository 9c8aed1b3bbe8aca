// One candidate's samples, a slice of time a round.
import type { Engine } from "../src/engine/engine.ts";
import { PassTimer, type TimedPass } from "../src/engine/passTimer.ts";
import { encodeDispatch } from "../src/engine/program.ts";
import { timerQuantum } from "../src/engine/timer.ts";
import type { Candidate } from "./candidate.ts";
import { fitting, PassSampler } from "./passSampler.ts";
import type { Measurement } from "./result.ts";
import { median, medianInterval } from "./statistics.ts";

const mostWallSamples = 32;

export interface Instruments {
  readonly engine: Engine;
  readonly timer: PassTimer;
  /** Observed quantum of the timer in nanoseconds. */
  readonly quantum: number;
  readonly flush: GPUBuffer;
  /** How long it takes to overwrite. */
  readonly flushNanoseconds: number;
}

class Series {
  samples = 0;
  readonly rounds: number[] = [];

  add(samples: readonly number[]): void {
    this.samples += samples.length;
    this.rounds.push(median(samples));
  }

  get spread(): number {
    const { low, high } = medianInterval(this.rounds);
    return (high - low) / 2 / median(this.rounds);
  }

  measurement(bound: number): Measurement {
    const { rounds, samples, spread } = this;
    const stop = spread <= bound ? "spread" : "time";
    return { median: median(rounds), ...medianInterval(rounds), spread, samples, rounds, stop };
  }
}

/** The instruments, calibrated. @throws UserError when the adapter has no timestamps. */
export async function makeInstruments(engine: Engine, flushBytes: number): Promise<Instruments> {
  const timer = new PassTimer(engine);
  const flush = engine.storageBuffer("flush", flushBytes);
  const overwrite = async () => {
    const encoder = engine.device.createCommandEncoder({ label: "flush" });
    encoder.clearBuffer(flush);
    const started = performance.now();
    engine.device.queue.submit([encoder.finish()]);
    await engine.settle();
    return 1e6 * (performance.now() - started);
  };
  await overwrite();
  const flushNanoseconds = median([await overwrite(), await overwrite(), await overwrite()]);
  return { engine, timer, quantum: (await timerQuantum(engine))!, flush, flushNanoseconds };
}

export function releaseInstruments({ engine, timer, flush }: Instruments): void {
  timer.release();
  engine.release(flush);
}

export class Sampler {
  readonly floor = new Series();
  readonly hot = new Series();
  readonly cold = new Series();
  readonly wall = new Series();
  /** Nanoseconds spent on this candidate so far. */
  spent = 0;
  readonly #passes: PassSampler;

  constructor(
    private readonly instruments: Instruments,
    readonly candidate: Candidate,
  ) {
    this.#passes = new PassSampler(instruments.timer, instruments.quantum);
  }

  get repeats(): number {
    return this.#passes.repeats;
  }

  /** Whether the intervals of all medians are narrower than the bound. */
  within(bound: number): boolean {
    return [this.hot, this.cold, this.wall].every(({ spread }) => spread <= bound);
  }

  /** Takes one round of samples of each kind, about a slice of nanoseconds each. */
  async round(slice: number): Promise<void> {
    const started = performance.now();
    const { dispatch, emptyDispatch } = this.candidate;
    this.candidate.restore();
    if (this.#passes.estimate === 0) await this.#passes.calibrate(dispatch);
    this.hot.add(await this.#passes.sample(dispatch, slice));
    this.floor.add(await this.#passes.sample(emptyDispatch, slice / 4));
    this.candidate.restore();
    this.cold.add(await this.#coldPasses(dispatch, slice));
    this.wall.add(await this.#wallSamples(dispatch, slice));
    this.spent += 1e6 * (performance.now() - started);
  }

  #coldPasses(dispatch: TimedPass["dispatch"], slice: number): Promise<number[]> {
    const { timer, flush, flushNanoseconds } = this.instruments;
    const count = fitting(slice, flushNanoseconds + this.#passes.estimate, timer.mostPasses);
    return timer.time(Array.from({ length: count }, () => ({ dispatch, flush })));
  }

  async #wallSamples(dispatch: TimedPass["dispatch"], slice: number): Promise<number[]> {
    const { queue } = this.instruments.engine.device;
    const samples: number[] = [];
    const end = performance.now() + slice / 1e6;
    // The first one warms up what the cold passes have emptied.
    for (let sample = 0; sample <= mostWallSamples; sample++) {
      const commands = this.#encode(dispatch);
      const started = performance.now();
      queue.submit([commands]);
      await queue.onSubmittedWorkDone();
      const ended = performance.now();
      if (sample > 0) samples.push(1e6 * (ended - started));
      if (sample > 0 && ended >= end) break;
    }
    this.instruments.engine.check();
    return samples;
  }

  #encode(dispatch: TimedPass["dispatch"]): GPUCommandBuffer {
    const encoder = this.instruments.engine.device.createCommandEncoder({ label: "wall" });
    const pass = encoder.beginComputePass();
    encodeDispatch(pass, dispatch);
    pass.end();
    return encoder.finish();
  }
}
