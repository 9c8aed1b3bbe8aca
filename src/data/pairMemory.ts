import type { PreparedPair } from "./preprocess.ts";

/**
 * The first prepared pairs that fit, in memory shared with the workers. None gives way to another: an epoch visits
 * every pair once, so whatever came last would be the first to go.
 */
export class PairMemory {
  readonly #pairs = new Map<number, PreparedPair | undefined>();
  readonly #capacity: number;

  /** @param pairBytes what one pair takes. */
  constructor(bytes: number, pairBytes: number) {
    this.#capacity = Math.floor(bytes / pairBytes);
  }

  get(index: number): PreparedPair | undefined {
    return this.#pairs.get(index);
  }

  /** Whether there is room for the pair, which is then kept for it. */
  reserve(index: number): boolean {
    if (this.#pairs.has(index)) return true;
    if (this.#pairs.size >= this.#capacity) return false;
    this.#pairs.set(index, undefined);
    return true;
  }

  set(index: number, pair: PreparedPair): void {
    this.#pairs.set(index, pair);
  }
}
