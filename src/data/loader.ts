// Batches of pairs, read and augmented by worker threads ahead of the one who consumes them.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Piscina } from "piscina";
import type { Box } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import { packageRoot } from "../base/files.ts";
import { RandomStream } from "../base/random.ts";
import type { AugmentOptions } from "./augment.ts";
import { epochOrder } from "./epochOrder.ts";
import type { PairResult, PairTask } from "./loaderWorker.ts";
import type { PairRecord } from "./manifest.ts";
import { mixBatch } from "./mix.ts";
import { defaultPreprocess, type PreprocessOptions } from "./preprocess/single.ts";
import type { PreparedPair } from "./preprocess.ts";

/** N pairs, N always the loader's batch size. */
export interface Batch {
  /** [N, 1, height, width]. */
  readonly ffdm: Float32Array;
  /** [N, 1, height, width]. */
  readonly sm: Float32Array;
  /** [N, maxBoxes, 4], pixels of the grid; unused slots -1. */
  readonly ffdmBoxes: Float32Array;
  /** The same lesions in the same slots, [N, maxBoxes, 4]. */
  readonly smBoxes: Float32Array;
  /** [N, maxBoxes], from 1; unused slots -1. */
  readonly classes: Int32Array;
  /**
   * Places of the pairs in the loader's list. Fewer than N in the last batch of an epoch that N does not divide: the
   * pairs behind them repeat the last one and count for nothing.
   */
  readonly indices: readonly number[];
}

export interface LoaderOptions {
  /** Of the network's grid, in pixels. */
  readonly height: number;
  readonly width: number;
  readonly batch: number;
  /** Slots for boxes an image. */
  readonly maxBoxes: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** With `shuffle`: the share of an epoch that goes to pairs with lesions; default null, every pair once. */
  readonly positives?: number | null;
  readonly preprocess?: PreprocessOptions;
  /** Absent: the pairs as they are. `mix` is the probability that a pair is blended with another of its batch. */
  readonly augment?: AugmentOptions & { readonly mix?: number };
  /** Worker threads; default 2, or 1 on fewer than three cores. */
  readonly workers?: number;
  /** Batches under way beyond the one that is consumed; default 2. */
  readonly ahead?: number;
  /** Leaves out an incomplete last batch. */
  readonly dropLast?: boolean;
  /** Memory for prepared pairs, so that later epochs read no files; default 512 MiB. */
  readonly cacheBytes?: number;
}

/**
 * What is in a batch depends on the pairs, the seed, the epoch and the batch's number, and on nothing else: not on the
 * number of workers, nor on where an epoch is resumed.
 */
export class PairLoader {
  readonly batchesPerEpoch: number;
  readonly #pairs: readonly PairRecord[];
  readonly #options: LoaderOptions;
  readonly #pool: Piscina<PairTask, PairResult>;
  readonly #cache: PreparedPairs;
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
    this.#cache = new PreparedPairs((options.cacheBytes ?? 2 ** 29) / (8 * options.height * options.width));
    const workers = options.workers ?? Math.min(2, Math.max(1, availableParallelism() - 1));
    this.#pool = new Piscina({
      filename: join(packageRoot(), "dist", "data", "loaderWorker.mjs"),
      minThreads: workers,
      maxThreads: workers,
      recordTiming: false,
    });
  }

  /** Seconds that consumers of `batches` have waited for a batch, in all epochs together. */
  get waitSeconds(): number {
    return this.#waitSeconds;
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
    await this.#pool.destroy();
  }

  #order(epoch: number): number[] {
    const { seed, shuffle, positives: ratio = null } = this.#options;
    if (!shuffle) return [...this.#pairs.keys()];
    const positives = [...this.#pairs.keys()].filter((index) => this.#pairs[index].classes.length > 0);
    return epochOrder({ count: this.#pairs.length, positives, ratio, seed, epoch });
  }

  async #loadBatch(epoch: number, order: readonly number[], number: number): Promise<Batch> {
    const { batch } = this.#options;
    const indices = order.slice(number * batch, (number + 1) * batch);
    const pairs = await Promise.all(indices.map((index) => this.#loadPair(epoch, index)));
    const { augment, seed, maxBoxes } = this.#options;
    const stream = new RandomStream(seed, `mix/epoch ${epoch}/batch ${number}`);
    const mixed = augment?.mix ? mixBatch(pairs, augment.mix, maxBoxes, stream) : pairs;
    return assemble(mixed, indices, this.#options);
  }

  async #loadPair(epoch: number, index: number): Promise<PreparedPair> {
    const { height, width, seed, augment, preprocess = defaultPreprocess } = this.#options;
    const prepared = this.#cache.get(index);
    const result = await this.#pool.run({
      record: this.#pairs[index],
      height,
      width,
      preprocess,
      keep: !prepared && this.#cache.reserve(index),
      ...(prepared ? { prepared } : {}),
      ...(augment
        ? { augment: { options: augment, seed, stream: `augment/epoch ${epoch}/pair ${index}` } }
        : {}),
    });
    if ("failure" in result) throw new UserError(result.failure);
    if (result.prepared) this.#cache.set(index, result.prepared);
    return result.pair;
  }
}

/**
 * The first prepared pairs that fit, in memory shared with the workers. None gives way to another: an epoch visits
 * every pair once, so whatever came last would be the first to go.
 */
class PreparedPairs {
  readonly #pairs = new Map<number, PreparedPair | undefined>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = Math.floor(capacity);
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

function checkBoxCounts(pairs: readonly PairRecord[], maxBoxes: number): void {
  for (const { row, classes } of pairs)
    if (classes.length > maxBoxes)
      throw new UserError(`manifest row ${row}: has ${classes.length} boxes: must be at most ${maxBoxes}`);
}

function assemble(
  pairs: readonly PreparedPair[],
  indices: readonly number[],
  { height, width, batch, maxBoxes }: LoaderOptions,
): Batch {
  const area = height * width;
  const ffdm = new Float32Array(batch * area);
  const sm = new Float32Array(batch * area);
  const ffdmBoxes = new Float32Array(batch * maxBoxes * 4).fill(-1);
  const smBoxes = new Float32Array(batch * maxBoxes * 4).fill(-1);
  const classes = new Int32Array(batch * maxBoxes).fill(-1);
  const flat = (boxes: readonly Box[]): number[] => boxes.flatMap((box) => [...box]);
  for (let slot = 0; slot < batch; slot++) {
    const pair = pairs[Math.min(slot, pairs.length - 1)];
    ffdm.set(pair.ffdm, slot * area);
    sm.set(pair.sm, slot * area);
    ffdmBoxes.set(flat(pair.ffdmBoxes), slot * maxBoxes * 4);
    smBoxes.set(flat(pair.smBoxes), slot * maxBoxes * 4);
    classes.set(pair.classes, slot * maxBoxes);
  }
  return { ffdm, sm, ffdmBoxes, smBoxes, classes, indices };
}
