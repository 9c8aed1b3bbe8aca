// Pairs side by side in one allocation an input, as a program takes them.
import type { Box } from "../base/boxes.ts";
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

export interface BatchSize {
  /** Of the network's grid, in pixels. */
  readonly height: number;
  readonly width: number;
  readonly batch: number;
  /** Slots for boxes an image. */
  readonly maxBoxes: number;
}

export function assembleBatch(
  pairs: readonly PreparedPair[],
  indices: readonly number[],
  { height, width, batch, maxBoxes }: BatchSize,
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
