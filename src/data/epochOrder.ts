// Which pairs an epoch shows, and in which order.
import { RandomStream } from "../base/random.ts";

export interface EpochOrderOptions {
  /** Number of pairs. */
  readonly count: number;
  /** Places of those with lesions, ascending. */
  readonly positives: readonly number[];
  /** Share of an epoch's places that go to pairs with lesions; null: every pair once. */
  readonly ratio: number | null;
  readonly seed: number;
  readonly epoch: number;
}

/**
 * The places of an epoch's pairs, always `count` of them, so that a ratio changes no schedule. With a ratio, pairs with
 * lesions fill round(ratio · count) places and the others the rest. Each of the two groups is dealt out like a pack of
 * cards that is shuffled anew whenever it is used up, and the deal goes on from one epoch to the next: within an epoch
 * no pair comes twice more often than another of its group, and what an epoch leaves out is next in the following one.
 * @throws RangeError when a ratio asks for pairs of a group that has none.
 */
export function epochOrder({ count, positives, ratio, seed, epoch }: EpochOrderOptions): number[] {
  const order = new RandomStream(seed, `order/epoch ${epoch}`).nextPermutation(count);
  if (ratio === null) return order;
  const isPositive = new Set(positives);
  const negatives = Array.from({ length: count }, (_, place) => place).filter(
    (place) => !isPositive.has(place),
  );
  const wanted = Math.round(ratio * count);
  const chosen = [
    ...deal(positives, wanted, seed, "positives", epoch),
    ...deal(negatives, count - wanted, seed, "negatives", epoch),
  ];
  return order.map((place) => chosen[place]);
}

/** Cards `epoch · hand` to `(epoch + 1) · hand` of endlessly many shuffled packs laid end to end. */
function deal(pack: readonly number[], hand: number, seed: number, group: string, epoch: number): number[] {
  if (hand === 0) return [];
  if (pack.length === 0) throw new RangeError(`an epoch needs ${hand} ${group}, and there are none`);
  const first = epoch * hand;
  const rounds = new Map<number, number[]>();
  const shuffled = (round: number): number[] => {
    let order = rounds.get(round);
    if (!order) {
      order = new RandomStream(seed, `order/${group}/round ${round}`).nextPermutation(pack.length);
      rounds.set(round, order);
    }
    return order;
  };
  return Array.from({ length: hand }, (_, index) => {
    const card = first + index;
    return pack[shuffled(Math.floor(card / pack.length))[card % pack.length]];
  });
}
