import assert from "node:assert/strict";
import { test } from "node:test";
import { type Candidate, measure, ratioOfMedians } from "../../../bench/peers/measure.ts";

const contest = { name: "row", title: "a row", tolerance: 1e-3 };
const budget = { seconds: 0, mostRounds: 50 };

/** Takes `milliseconds` by its own clock and gives `values`. */
function candidate(peer: string, milliseconds: number, values: readonly number[]): Candidate {
  const contestant = {
    run: async () => {},
    timedRun: async () => milliseconds,
    outputs: async () => ({ y: Float32Array.from(values) }),
    release() {},
  };
  return { peer, prepare: async () => contestant };
}

test("a ratio's interval holds it, and is a point where rounds do not differ", () => {
  assert.deepEqual(ratioOfMedians([6, 6, 6], [2, 2, 2]), [3, 3, 3]);
  const [ratio, low, high] = ratioOfMedians([9, 12, 10, 14, 11], [5, 6, 4, 5, 7]);
  assert.equal(ratio, 11 / 5);
  assert.ok(low < ratio && ratio < high, `${low} < ${ratio} < ${high}`);
});

test("whoever agrees is timed, whoever differs or is no number is refused with the reason", async () => {
  const { entries, refused } = await measure(
    contest,
    [
      candidate("ours", 2, [1, -4]),
      candidate("alike", 6, [1.001, -4]),
      candidate("different", 1, [1.01, -4]),
      candidate("broken", 1, [NaN, -4]),
      candidate("short", 1, [1]),
      { peer: "elsewhere", prepare: async () => undefined },
    ],
    budget,
  );
  assert.deepEqual(
    entries.map(({ peer, ratio }) => [peer, ratio[0]]),
    [
      ["ours", 1],
      ["alike", 3],
    ],
  );
  assert.deepEqual(
    refused.map(({ peer, reason }) => [peer, reason]),
    [
      ["different", "differs from ours by 2.5e-3 of the largest value"],
      ["broken", "differs from ours by Infinity of the largest value"],
      ["short", "y has 1 values, ours 2"],
    ],
  );
});
