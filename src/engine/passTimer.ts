// Compute passes between two timestamps of the adapter.
import type { Engine } from "./engine.ts";
import { type Dispatch, encodeDispatch } from "./program.ts";
import { Timestamps } from "./timestamps.ts";

export interface TimedPass {
  readonly dispatch: Pick<Dispatch, "pipeline" | "bindGroup" | "workgroups">;
  /** How often the pass runs its dispatch. Default 1. */
  readonly repeats?: number;
  /** Overwritten before the pass: larger than the caches, it empties them. */
  readonly flush?: GPUBuffer;
}

/** A clock for passes. */
export interface Stopwatch {
  /** The most passes that one call times. */
  readonly mostPasses: number;
  /** Runs the passes in order. @returns the nanoseconds of each, divided by its repeats. */
  time(passes: readonly TimedPass[]): Promise<number[]>;
  release(): void;
}

/** Times passes; its timestamps serve every call. */
export class PassTimer implements Stopwatch {
  readonly #timestamps: Timestamps;

  /** @throws UserError when the adapter has no timestamps. */
  constructor(
    private readonly engine: Engine,
    readonly mostPasses = 64,
  ) {
    this.#timestamps = new Timestamps(engine, mostPasses);
  }

  /** Runs the passes in one submit. @returns the nanoseconds of each, divided by its repeats. */
  async time(passes: readonly TimedPass[]): Promise<number[]> {
    const { device } = this.engine;
    const encoder = device.createCommandEncoder({ label: "timed passes" });
    passes.forEach(({ dispatch, repeats = 1, flush }, index) => {
      if (flush) encoder.clearBuffer(flush);
      const pass = encoder.beginComputePass({ timestampWrites: this.#timestamps.writes(index) });
      for (let repeat = 0; repeat < repeats; repeat++) encodeDispatch(pass, dispatch);
      pass.end();
    });
    device.queue.submit([encoder.finish()]);
    const times = await this.#timestamps.read();
    return passes.map(({ repeats = 1 }, index) => Number(times[2 * index + 1] - times[2 * index]) / repeats);
  }

  release(): void {
    this.#timestamps.release();
  }
}
