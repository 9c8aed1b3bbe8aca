// Blending of pairs. It works on the pairs of one batch, which are all there already: nothing more is read.
import type { RandomStream } from "../base/random.ts";
import type { PreparedPair } from "./preprocess.ts";

/** The smaller pair's least share of a blend: a lesion that shows less could not be asked for. */
const leastShare = 0.3;

/**
 * Both images of a blend are the same weighted sum of those of two pairs, so that they stay registered; the lesions of
 * both pairs are kept (mixup for detection: Zhang et al., arXiv 1902.04103).
 * @param share of the first pair.
 */
export function mixPairs(first: PreparedPair, second: PreparedPair, share: number): PreparedPair {
  const blend = (a: Float32Array, b: Float32Array) =>
    a.map((value, index) => share * value + (1 - share) * b[index]);
  return {
    ffdm: blend(first.ffdm, second.ffdm),
    sm: blend(first.sm, second.sm),
    ffdmBoxes: [...first.ffdmBoxes, ...second.ffdmBoxes],
    smBoxes: [...first.smBoxes, ...second.smBoxes],
    classes: [...first.classes, ...second.classes],
  };
}

/**
 * Blends each pair of a batch, with this probability, with the pair behind it, the last with the first. A pair stays as it
 * is when the two have more than `maxBoxes` lesions together.
 * @param stream draws the same counters whatever the probability.
 */
export function mixBatch(
  pairs: readonly PreparedPair[],
  probability: number,
  maxBoxes: number,
  stream: RandomStream,
): PreparedPair[] {
  return pairs.map((pair, index) => {
    const isMixed = stream.nextUniform() < probability;
    const share = stream.nextUniform(leastShare, 1 - leastShare);
    const other = pairs[(index + 1) % pairs.length];
    const fits = pair.classes.length + other.classes.length <= maxBoxes;
    return isMixed && fits && other !== pair ? mixPairs(pair, other, share) : pair;
  });
}
