// Worker threads that load pairs, and what is kept of their work.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Piscina } from "piscina";
import { UserError } from "../base/errors.ts";
import { packageRoot } from "../base/files.ts";
import type { LoaderTally } from "./loaderTally.ts";
import type { PairResult, PairTask } from "./loaderWorker.ts";
import type { PairCacheOptions } from "./pairCache.ts";
import { PairMemory } from "./pairMemory.ts";
import type { PreparedPair } from "./preprocess.ts";

export interface PairPoolOptions {
  readonly workers?: number;
  readonly memoryBytes?: number;
  readonly cache?: PairCacheOptions;
}

/** A pair, or why it cannot be had. */
export type LoadedPair = { readonly pair: PreparedPair } | { readonly failure: string };

type PairRequest = Pick<PairTask, "record" | "height" | "width" | "preprocess" | "misregister" | "augment">;

/** A pair whose worker dies is given to this many others before the pair is blamed. */
const retries = 2;

const isDeath = (error: unknown): boolean =>
  error instanceof Error &&
  (/^worker exited with code/.test(error.message) ||
    (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY");

export class PairPool {
  readonly #pool: Piscina<PairTask, PairResult>;
  readonly #memory: PairMemory;
  readonly #cache: PairCacheOptions | undefined;

  constructor(
    pairBytes: number,
    { workers, memoryBytes = 2 ** 29, cache }: PairPoolOptions,
    private readonly tally: LoaderTally,
  ) {
    const threads = workers ?? Math.min(2, Math.max(1, availableParallelism() - 1));
    this.#memory = new PairMemory(memoryBytes, pairBytes);
    this.#cache = cache;
    this.#pool = new Piscina({
      filename: join(packageRoot(), "dist", "data", "loaderWorker.mjs"),
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
    });
  }

  /** @param index names the pair from one call to the next. */
  async load(index: number, request: PairRequest): Promise<LoadedPair> {
    const prepared = this.#memory.get(index);
    const task: PairTask = {
      ...request,
      keep: !prepared && this.#memory.reserve(index),
      ...(prepared ? { prepared } : {}),
      ...(this.#cache && !this.tally.cacheIsUnwritable ? { cache: this.#cache } : {}),
    };
    const result = await this.#run(task);
    if ("failure" in result) return result;
    this.tally.loaded(index, result.origin);
    if (result.prepared) this.#memory.set(index, result.prepared);
    return result;
  }

  /** Ends the workers. Pairs that are under way are lost. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #run(task: PairTask): Promise<PairResult> {
    for (let attempt = 0; ; attempt++)
      try {
        return await this.#pool.run(task);
      } catch (error) {
        if (!isDeath(error)) throw error;
        this.tally.died();
        if (attempt < retries) continue;
        const { row, ffdm, sm } = task.record;
        throw new UserError(`manifest row ${row}: ${attempt + 1} loader threads died on it: ${ffdm}, ${sm}`);
      }
  }
}
