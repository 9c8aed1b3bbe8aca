// Compute passes between two timestamps of the adapter.
import { UserError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import { type Dispatch, encodeDispatch } from "./program.ts";

const queryUsage = 0x0200 | 0x0004; // QUERY_RESOLVE | COPY_SRC

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

/** Times passes; its query set and buffer serve every call. */
export class PassTimer implements Stopwatch {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;

  /** @throws UserError when the adapter has no timestamps. */
  constructor(
    private readonly engine: Engine,
    readonly mostPasses = 64,
  ) {
    const { device, adapter } = engine;
    if (!device.features.has("timestamp-query"))
      throw new UserError(`${adapter.name} has no timestamps: choose another --adapter`);
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 * mostPasses });
    this.#resolved = device.createBuffer({ size: 16 * mostPasses, usage: queryUsage });
  }

  /** Runs the passes in one submit. @returns the nanoseconds of each, divided by its repeats. */
  async time(passes: readonly TimedPass[]): Promise<number[]> {
    const { device } = this.engine;
    const encoder = device.createCommandEncoder({ label: "timed passes" });
    passes.forEach(({ dispatch, repeats = 1, flush }, index) => {
      if (flush) encoder.clearBuffer(flush);
      const pass = encoder.beginComputePass({
        timestampWrites: {
          querySet: this.#queries,
          beginningOfPassWriteIndex: 2 * index,
          endOfPassWriteIndex: 2 * index + 1,
        },
      });
      for (let repeat = 0; repeat < repeats; repeat++) encodeDispatch(pass, dispatch);
      pass.end();
    });
    encoder.resolveQuerySet(this.#queries, 0, 2 * passes.length, this.#resolved, 0);
    device.queue.submit([encoder.finish()]);
    const bits = await this.engine.read(this.#resolved, 16 * passes.length);
    const times = new BigUint64Array(bits.buffer);
    return passes.map(({ repeats = 1 }, index) => Number(times[2 * index + 1] - times[2 * index]) / repeats);
  }

  release(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }
}
