import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EpochOrderOptions, epochOrder } from "../../src/data/epochOrder.ts";

const tally = (places: readonly number[], count: number): number[] => {
  const times = new Array<number>(count).fill(0);
  for (const place of places) times[place]++;
  return times;
};

const arbitraryOptions = fc
  .record({
    lesions: fc.array(fc.boolean(), { minLength: 2, maxLength: 60 }),
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(1000),
    epoch: fc.nat(50),
  })
  .map(({ lesions, ...rest }): EpochOrderOptions & { lesions: boolean[] } => {
    // A pair of each kind, so that every ratio can be met.
    const both = [...lesions, true, false];
    return {
      ...rest,
      lesions: both,
      count: both.length,
      positives: [...both.keys()].filter((index) => both[index]),
    };
  });

test("without a ratio an epoch is a permutation, of its own for every epoch and seed", () => {
  fc.assert(
    fc.property(arbitraryOptions, (options) => {
      const order = epochOrder({ ...options, ratio: null });
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        [...Array(options.count).keys()],
      );
    }),
  );
  const orderOf = (seed: number, epoch: number) =>
    epochOrder({ count: 50, positives: [3], ratio: null, seed, epoch }).join();
  assert.equal(orderOf(4, 2), orderOf(4, 2));
  assert.equal(new Set([orderOf(4, 2), orderOf(4, 3), orderOf(5, 2)]).size, 3);
});

test("a ratio fills its share of an unchanged number of places, evenly within each group", () => {
  fc.assert(
    fc.property(arbitraryOptions, (options) => {
      const order = epochOrder(options);
      assert.equal(order.length, options.count);
      assert.deepEqual(order, epochOrder(options));
      const times = tally(order, options.count);
      const wanted = Math.round((options.ratio as number) * options.count);
      for (const group of [true, false]) {
        const inGroup = times.filter((_, place) => options.lesions[place] === group);
        const places = inGroup.reduce((sum, value) => sum + value, 0);
        assert.equal(places, group ? wanted : options.count - wanted);
        // A hand that starts in the middle of a pack meets a card of it at most once more than the others.
        assert.ok(Math.max(...inGroup) - Math.min(...inGroup) <= 2);
      }
    }),
  );
});

test("over many epochs every pair of a group comes equally often", () => {
  // 7 positives share 30 places an epoch, 53 negatives the other 30.
  const positives = [0, 9, 18, 27, 36, 45, 54];
  const times = new Array<number>(60).fill(0);
  for (let epoch = 0; epoch < 53; epoch++)
    for (const place of epochOrder({ count: 60, positives, ratio: 0.5, seed: 3, epoch })) times[place]++;
  for (let place = 0; place < 60; place++) {
    const share = (53 * 30) / (positives.includes(place) ? 7 : 53);
    assert.ok(Math.abs(times[place] - share) < 1, `pair ${place} came ${times[place]} times, not ${share}`);
  }
});

test("both groups are spread over the epoch", () => {
  const positives = [...Array(100).keys()];
  const order = epochOrder({ count: 1000, positives, ratio: 0.5, seed: 1, epoch: 0 });
  const early = order.slice(0, 500).filter((place) => place < 100).length;
  assert.ok(early > 200 && early < 300, `${early} of 500`);
});

test("a group without pairs is refused only when it is asked for", () => {
  const lone = { count: 3, positives: [], seed: 1, epoch: 0 };
  assert.equal(epochOrder({ ...lone, ratio: 0 }).length, 3);
  assert.throws(
    () => epochOrder({ ...lone, ratio: 0.5 }),
    new RangeError("an epoch needs 2 positives, and there are none"),
  );
});
