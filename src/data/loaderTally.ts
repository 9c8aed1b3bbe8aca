// What happened while pairs were loaded: counts, and the sentences that a person should read.
import type { Origin } from "./loaderWorker.ts";

/** Pairs by where they came from, and what had to be mended. */
export interface LoaderCounts {
  readonly memory: number;
  readonly cache: number;
  readonly files: number;
  /** Cached pairs that no longer agreed with their files, and were made again. */
  readonly stale: number;
  /** Cached pairs with a wrong checksum, which were made again. */
  readonly damaged: number;
  /** Workers that died; their pairs were loaded again by others. */
  readonly deaths: number;
  /** Pairs left out because they cannot be read. */
  readonly skipped: number;
}

/** Sentences of one kind that are told; of the others only how many there are. */
const told = 5;

const sentences: Readonly<Record<"stale" | "damaged" | "deaths", (count: number) => string>> = {
  stale: (count) => `cache: ${count} pairs were of other files or boxes than now, and were made again`,
  damaged: (count) => `cache: ${count} pairs were damaged, and were made again`,
  deaths: (count) => `${count} loader threads died; their pairs were loaded again by others`,
};

export class LoaderTally {
  readonly #counts = { memory: 0, cache: 0, files: 0, stale: 0, damaged: 0, deaths: 0, skipped: 0 };
  #reported: LoaderCounts = this.counts;
  readonly #warned: Uint8Array;
  #warnings: string[] = [];
  #untold = 0;
  #unwritable: string | undefined;

  /** @param pairs how many the loader has. */
  constructor(pairs: number) {
    this.#warned = new Uint8Array(pairs);
  }

  get counts(): LoaderCounts {
    return { ...this.#counts };
  }

  /** Whether the cache has refused to be written. */
  get cacheIsUnwritable(): boolean {
    return this.#unwritable !== undefined;
  }

  loaded(index: number, { from, miss, unwritable, warnings = [] }: Origin): void {
    this.#counts[from]++;
    if (miss === "stale" || miss === "damaged") this.#counts[miss]++;
    if (unwritable && !this.#unwritable) {
      this.#unwritable = unwritable;
      this.#warnings.push(`cache: ${unwritable}: no more pairs are kept on disk`);
    }
    this.#warn(index, warnings);
  }

  skipped(index: number, reason: string): void {
    this.#counts.skipped++;
    this.#warn(index, [`skipped: ${reason}`]);
  }

  died(): void {
    this.#counts.deaths++;
  }

  /** What there is to tell since the last call, a line each. A pair's own warnings are told once. */
  takeNews(): string[] {
    const counts = this.counts;
    const news = this.#warnings;
    if (this.#untold > 0)
      news.push(`${this.#untold} more lines of this kind: diptych inspect --manifest shows all`);
    for (const [kind, sentence] of Object.entries(sentences)) {
      const count = counts[kind as keyof typeof sentences] - this.#reported[kind as keyof typeof sentences];
      if (count > 0) news.push(sentence(count));
    }
    this.#reported = counts;
    [this.#warnings, this.#untold] = [[], 0];
    return news;
  }

  #warn(index: number, warnings: readonly string[]): void {
    if (this.#warned[index] || warnings.length === 0) return;
    this.#warned[index] = 1;
    for (const warning of warnings)
      if (this.#warnings.length < told) this.#warnings.push(warning);
      else this.#untold++;
  }
}
