// Runs in a worker thread: gets one prepared pair from where it is nearest, and augments it.
import { move, transferableSymbol, valueSymbol } from "piscina";
import { reasonOf, UserError } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import { type AugmentOptions, augmentPair, drawAugmentation } from "./augment.ts";
import { readImage } from "./image.ts";
import type { PairRecord } from "./manifest.ts";
import { type MisregisterOptions, misregisterPair } from "./misregister.ts";
import { type Miss, PairCache, type PairCacheOptions } from "./pairCache.ts";
import type { PreprocessOptions } from "./preprocess/single.ts";
import { type PreparedPair, preparePair } from "./preprocess.ts";

/** What is drawn from a random stream. */
interface Drawn<Options> {
  readonly options: Options;
  readonly seed: number;
  readonly stream: string;
}

export interface PairTask {
  readonly record: PairRecord;
  readonly height: number;
  readonly width: number;
  readonly preprocess: PreprocessOptions;
  readonly misregister?: Drawn<MisregisterOptions>;
  readonly augment?: Drawn<AugmentOptions>;
  /** Whether to return the prepared pair in shared memory, for later tasks. */
  readonly keep: boolean;
  /** What an earlier task has returned; neither files nor cache are read again. */
  readonly prepared?: PreparedPair;
  readonly cache?: PairCacheOptions;
}

/** Where a pair came from, and what was wrong with nearer places. */
export interface Origin {
  readonly from: "memory" | "cache" | "files";
  readonly miss?: Miss;
  /** Why the cache could not be written. */
  readonly unwritable?: string;
  /** What preparing the pair has to say. */
  readonly warnings?: readonly string[];
}

/** An error of the user's making travels as its message, because a thread boundary strips an error of its class. */
export type PairResult =
  | { readonly failure: string }
  | { readonly pair: PreparedPair; readonly origin: Origin; readonly prepared?: PreparedPair };

export default async function loadPair(task: PairTask): Promise<PairResult> {
  try {
    const { prepared, origin } = await obtain(task);
    const pair = vary(prepared, task);
    const result: PairResult = { pair, origin, ...(task.keep ? { prepared: shared(prepared) } : {}) };
    return move({
      [transferableSymbol]: [pair.ffdm.buffer, pair.sm.buffer],
      [valueSymbol]: result,
    } as unknown as Parameters<typeof move>[0]) as unknown as PairResult;
  } catch (error) {
    if (error instanceof UserError) return { failure: error.message };
    throw error;
  }
}

async function obtain(task: PairTask): Promise<{ prepared: PreparedPair; origin: Origin }> {
  if (task.prepared) return { prepared: task.prepared, origin: { from: "memory" } };
  const cache = task.cache && new PairCache(task.cache);
  const found = await cache?.read(task.record);
  if (typeof found === "object") {
    const { warnings } = found;
    return { prepared: found, origin: { from: "cache", warnings } };
  }
  const prepared = await prepare(task);
  const unwritable = await cache?.write(task.record, prepared).then(
    () => undefined,
    (error: unknown) => reasonOf(error),
  );
  const { warnings } = prepared;
  return { prepared, origin: { from: "files", miss: found, unwritable, warnings } };
}

async function prepare({ record, height, width, preprocess }: PairTask): Promise<PreparedPair> {
  const [ffdm, sm] = [await readImage(record.ffdm), await readImage(record.sm)];
  return preparePair(record, ffdm, sm, height, width, preprocess);
}

/** A pair of its own memory, which can be given away. */
function vary(pair: PreparedPair, { record, height, width, misregister, augment }: PairTask): PreparedPair {
  let varied = pair;
  if (misregister) {
    if (pair.spacing === undefined)
      throw new UserError(
        `manifest row ${record.row}: has no pixel spacing, which a misregistration in mm needs: ${record.ffdm}, ${record.sm}`,
      );
    const stream = new RandomStream(misregister.seed, misregister.stream);
    varied = misregisterPair(pair, misregister.options, stream, height, width, pair.spacing);
  }
  if (!augment) return { ...varied, ffdm: new Float32Array(varied.ffdm), sm: new Float32Array(varied.sm) };
  const stream = new RandomStream(augment.seed, augment.stream);
  return augmentPair(varied, height, width, drawAugmentation(augment.options, stream));
}

function shared(pair: PreparedPair): PreparedPair {
  const share = (pixels: Float32Array) => {
    const copy = new Float32Array(new SharedArrayBuffer(pixels.byteLength));
    copy.set(pixels);
    return copy;
  };
  return { ...pair, ffdm: share(pair.ffdm), sm: share(pair.sm) };
}
