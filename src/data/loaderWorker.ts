// Runs in a worker thread: reads, prepares and augments one pair.
import { move, transferableSymbol, valueSymbol } from "piscina";
import { UserError } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import { type AugmentOptions, augmentPair, drawAugmentation } from "./augment.ts";
import { readImage } from "./image.ts";
import type { PairRecord } from "./manifest.ts";
import type { PreprocessOptions } from "./preprocess/single.ts";
import { type PreparedPair, preparePair } from "./preprocess.ts";

export interface PairTask {
  readonly record: PairRecord;
  readonly height: number;
  readonly width: number;
  readonly preprocess: PreprocessOptions;
  readonly augment?: { readonly options: AugmentOptions; readonly seed: number; readonly stream: string };
  /** Whether to return the prepared pair in shared memory, for later tasks. */
  readonly keep: boolean;
  /** What an earlier task has returned; the files are not read again. */
  readonly prepared?: PreparedPair;
}

/** An error of the user's making travels as its message, because a thread boundary strips an error of its class. */
export type PairResult =
  | { readonly failure: string }
  | { readonly pair: PreparedPair; readonly prepared?: PreparedPair };

export default async function loadPair(task: PairTask): Promise<PairResult> {
  try {
    const prepared = task.prepared ?? (await prepare(task));
    const pair = vary(prepared, task);
    const result: PairResult = { pair, ...(task.keep ? { prepared: shared(prepared) } : {}) };
    return move({
      [transferableSymbol]: [pair.ffdm.buffer, pair.sm.buffer],
      [valueSymbol]: result,
    } as unknown as Parameters<typeof move>[0]) as unknown as PairResult;
  } catch (error) {
    if (error instanceof UserError) return { failure: error.message };
    throw error;
  }
}

async function prepare({ record, height, width, preprocess }: PairTask): Promise<PreparedPair> {
  const [ffdm, sm] = [await readImage(record.ffdm), await readImage(record.sm)];
  return preparePair(record, ffdm, sm, height, width, preprocess);
}

/** A pair of its own memory, which can be given away. */
function vary(pair: PreparedPair, { height, width, augment }: PairTask): PreparedPair {
  if (!augment) return { ...pair, ffdm: new Float32Array(pair.ffdm), sm: new Float32Array(pair.sm) };
  const stream = new RandomStream(augment.seed, augment.stream);
  return augmentPair(pair, height, width, drawAugmentation(augment.options, stream));
}

function shared(pair: PreparedPair): PreparedPair {
  const share = (pixels: Float32Array) => {
    const copy = new Float32Array(new SharedArrayBuffer(pixels.byteLength));
    copy.set(pixels);
    return copy;
  };
  return { ...pair, ffdm: share(pair.ffdm), sm: share(pair.sm) };
}
