// Sets of the adapter's timestamps, and how they reach the host.
import { UserError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import { Rest } from "./rest.ts";

const queryUsage = 0x0200 | 0x0004; // QUERY_RESOLVE | COPY_SRC
/** WebGPU's limit for one query set. */
const queriesPerSet = 4096;

/** Begin and end of each of `passes` compute passes. */
export class Timestamps {
  readonly #sets: GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #rest = new Rest();

  /** @throws UserError when the adapter has no timestamps. */
  constructor(
    private readonly engine: Engine,
    private readonly passes: number,
  ) {
    const { device, adapter } = engine;
    if (!device.features.has("timestamp-query"))
      throw new UserError(`${adapter.name} has no timestamps: choose another --adapter`);
    this.#sets = Array.from({ length: Math.ceil((2 * passes) / queriesPerSet) }, (_, index) =>
      device.createQuerySet({ type: "timestamp", count: this.#count(index) }),
    );
    this.#resolved = device.createBuffer({ size: Math.max(16 * passes, 16), usage: queryUsage });
  }

  /** Queries of a set: the last one has what is left. */
  #count(set: number): number {
    return Math.min(queriesPerSet, 2 * this.passes - set * queriesPerSet);
  }

  /** What pass number `pass` is begun with. */
  writes(pass: number): GPUComputePassTimestampWrites {
    const query = (2 * pass) % queriesPerSet;
    return {
      querySet: this.#sets[Math.floor((2 * pass) / queriesPerSet)],
      beginningOfPassWriteIndex: query,
      endOfPassWriteIndex: query + 1,
    };
  }

  /** Begin and end of every pass, in nanoseconds; of one that was not submitted, what it last held. */
  async read(): Promise<BigUint64Array> {
    const { device } = this.engine;
    const encoder = device.createCommandEncoder({ label: "timestamps" });
    this.#sets.forEach((set, index) => {
      encoder.resolveQuerySet(set, 0, this.#count(index), this.#resolved, 8 * queriesPerSet * index);
    });
    device.queue.submit([encoder.finish()]);
    const ask = () => this.engine.read(this.#resolved, 16 * this.passes);
    const bits = await (this.engine.traits.software ? this.#rest.until(ask) : ask());
    return new BigUint64Array(bits.buffer);
  }

  release(): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.destroy();
  }
}
