// Batches of pairs, read and augmented by worker threads ahead of the one who consumes them.
import { UserError } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import type { AugmentOptions } from "./augment.ts";
import { assembleBatch, type Batch, type BatchSize } from "./batch.ts";
import { epochOrder } from "./epochOrder.ts";
import { type LoaderCounts, LoaderTally } from "./loaderTally.ts";
import type { PairRecord } from "./manifest.ts";
import type { MisregisterOptions } from "./misregister.ts";
import { mixBatch } from "./mix.ts";
import type { PairCacheOptions } from "./pairCache.ts";
import { type LoadedPair, PairPool } from "./pairPool.ts";
import { defaultPreprocess, type PreprocessOptions } from "./preprocess/single.ts";
import type { PreparedPair } from "./preprocess.ts";

export interface LoaderOptions extends BatchSize {
  readonly seed: number;
  readonly shuffle: boolean;
  /** With `shuffle`: the share of an epoch that goes to pairs with lesions; default null, every pair once. */
  readonly positives?: number | null;
  readonly preprocess?: PreprocessOptions;
  /** Absent: the pairs as they are. `mix` is the probability that a pair is blended with another of its batch. */
  readonly augment?: AugmentOptions & { readonly mix?: number };
  /** The FFDM of each pair is moved against its SM, in every epoch alike; absent: pairs lie as they are. */
  readonly misregister?: MisregisterOptions;
  /** Worker threads; default 2, or 1 on fewer than three cores. */
  readonly workers?: number;
  /** Batches under way beyond the one that is consumed; default 2. */
  readonly ahead?: number;
  /** Leaves out an incomplete last batch. */
  readonly dropLast?: boolean;
  /** Memory for prepared pairs, so that later epochs read nothing; default 512 MiB. */
  readonly memoryBytes?: number;
  /** Where prepared pairs are kept on disk; absent: nowhere. */
  readonly cache?: PairCacheOptions;
  /** What becomes of a pair that cannot be read; "skip": another of its batch takes its place. Default "stop". */
  readonly unreadable?: "stop" | "skip";
}

/**
 * What is in a batch depends on the pairs, the seed, the epoch and the batch's number, and on nothing else: not on the
 * number of workers, nor on where an epoch is resumed, nor on what is cached.
 */
export class PairLoader {
  readonly batchesPerEpoch: number;
  readonly #pairs: readonly PairRecord[];
  readonly #options: LoaderOptions;
  readonly #pool: PairPool;
  readonly #tally: LoaderTally;
  #waitSeconds = 0;

  /** @throws UserError when there are no pairs, too few for a batch with `dropLast`, or too many boxes in one. */
  constructor(pairs: readonly PairRecord[], options: LoaderOptions) {
    this.#pairs = pairs;
    this.#options = options;
    const batches = pairs.length / options.batch;
    this.batchesPerEpoch = options.dropLast ? Math.floor(batches) : Math.ceil(batches);
    if (this.batchesPerEpoch === 0)
      throw new UserError(`${pairs.length} pairs: too few for a batch of ${options.batch}`);
    checkBoxCounts(pairs, options.maxBoxes);
    this.#tally = new LoaderTally(pairs.length);
    this.#pool = new PairPool(8 * options.height * options.width, options, this.#tally);
  }

  /** Seconds that consumers of `batches` have waited for a batch, in all epochs together. */
  get waitSeconds(): number {
    return this.#waitSeconds;
  }

  /** Where pairs came from, and what had to be mended, in all epochs together. */
  get counts(): LoaderCounts {
    return this.#tally.counts;
  }

  /** What a person should read of what happened since the last call, a line each. */
  takeNews(): string[] {
    return this.#tally.takeNews();
  }

  /**
   * The batches of an epoch, from `firstBatch` on.
   * @throws UserError naming the file or the manifest row of a pair that cannot be loaded.
   */
  async *batches(epoch: number, firstBatch = 0): AsyncGenerator<Batch> {
    const order = this.#order(epoch);
    const underWay: Promise<Batch>[] = [];
    let next = firstBatch;
    for (;;) {
      for (; underWay.length <= (this.#options.ahead ?? 2) && next < this.batchesPerEpoch; next++) {
        const batch = this.#loadBatch(epoch, order, next);
        // It is awaited in its turn below, unless the consumer leaves before.
        batch.catch(() => {});
        underWay.push(batch);
      }
      const batch = underWay.shift();
      if (!batch) return;
      const start = performance.now();
      const loaded = await batch;
      this.#waitSeconds += (performance.now() - start) / 1000;
      yield loaded;
    }
  }

  /** Ends the workers. Batches that are under way are lost. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  #order(epoch: number): number[] {
    const { seed, shuffle, positives: ratio = null } = this.#options;
    if (!shuffle) return [...this.#pairs.keys()];
    const positives = [...this.#pairs.keys()].filter((index) => this.#pairs[index].classes.length > 0);
    return epochOrder({ count: this.#pairs.length, positives, ratio, seed, epoch });
  }

  async #loadBatch(epoch: number, order: readonly number[], number: number): Promise<Batch> {
    const { batch, augment, seed, maxBoxes } = this.#options;
    const wanted = order.slice(number * batch, (number + 1) * batch);
    const loaded = await Promise.all(wanted.map((index) => this.#loadPair(epoch, index)));
    const { indices, pairs } = this.#settle(wanted, loaded);
    const stream = new RandomStream(seed, `mix/epoch ${epoch}/batch ${number}`);
    const mixed = augment?.mix ? mixBatch(pairs, augment.mix, maxBoxes, stream) : pairs;
    return assembleBatch(mixed, indices, this.#options);
  }

  #loadPair(epoch: number, index: number): Promise<LoadedPair> {
    const { height, width, seed, misregister, augment, preprocess = defaultPreprocess } = this.#options;
    const drawn = {
      ...(misregister
        ? { misregister: { options: misregister, seed, stream: `misregister/pair ${index}` } }
        : {}),
      ...(augment
        ? { augment: { options: augment, seed, stream: `augment/epoch ${epoch}/pair ${index}` } }
        : {}),
    };
    return this.#pool.load(index, { record: this.#pairs[index], height, width, preprocess, ...drawn });
  }

  /** Puts the batch's first readable pair where one cannot be read, if that is the rule. */
  #settle(wanted: readonly number[], loaded: readonly LoadedPair[]) {
    const readable = loaded.findIndex((result) => "pair" in result);
    const places = loaded.map((result, place) => {
      if ("pair" in result) return place;
      if (this.#options.unreadable !== "skip" || readable < 0) throw new UserError(result.failure);
      this.#tally.skipped(wanted[place], result.failure);
      return readable;
    });
    return {
      indices: places.map((place) => wanted[place]),
      pairs: places.map((place) => (loaded[place] as { pair: PreparedPair }).pair),
    };
  }
}

function checkBoxCounts(pairs: readonly PairRecord[], maxBoxes: number): void {
  for (const { row, classes } of pairs)
    if (classes.length > maxBoxes)
      throw new UserError(`manifest row ${row}: has ${classes.length} boxes: must be at most ${maxBoxes}`);
}
