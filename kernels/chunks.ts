// The first stage of two-stage reductions: one workgroup sums one chunk of consecutive elements.
import { divideUp } from "./kernel.ts";

export type Chunks = { groups: number; chunk: number };

/** At most 256 chunks, none smaller than `least` but the last, for `length` elements. */
export function chunkReduction(length: number, least = 1024): Chunks {
  const chunk = Math.max(least, divideUp(length, 256));
  return { groups: divideUp(length, chunk), chunk };
}
