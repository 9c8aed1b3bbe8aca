import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { mixBatch, mixPairs } from "../../src/data/mix.ts";
import type { PreparedPair } from "../../src/data/preprocess.ts";

const pairOf = (level: number, classes: readonly number[]): PreparedPair => ({
  ffdm: new Float32Array(6).fill(level),
  sm: new Float32Array(6).fill(-level),
  ffdmBoxes: classes.map((label) => [0, 0, label, label]),
  smBoxes: classes.map((label) => [1, 1, label + 1, label + 1]),
  classes,
});

test("both images are mixed by the same share, and all lesions kept in their order", () => {
  const mixed = mixPairs(pairOf(4, [1, 2]), pairOf(8, [3]), 0.25);
  assert.deepEqual(mixed.ffdm, new Float32Array(6).fill(7));
  assert.deepEqual(mixed.sm, new Float32Array(6).fill(-7));
  assert.deepEqual(mixed.classes, [1, 2, 3]);
  assert.deepEqual(mixed.ffdmBoxes[2], [0, 0, 3, 3]);
  assert.deepEqual(mixed.smBoxes[2], [1, 1, 4, 4]);
});

test("a batch mixes its share of pairs, each with the one behind it, and never too many lesions", () => {
  const pairs = Array.from({ length: 400 }, (_, index) => pairOf(index, index % 2 === 0 ? [1] : [2, 2]));
  const stream = () => new RandomStream(5, "mix");
  const mixed = mixBatch(pairs, 0.25, 3, stream());
  assert.deepEqual(mixed, mixBatch(pairs, 0.25, 3, stream()));
  const changed = [...mixed.keys()].filter((index) => mixed[index] !== pairs[index]);
  assert.ok(changed.length > 70 && changed.length < 130, `${changed.length} of 400`);
  for (const index of changed) {
    assert.equal(mixed[index].classes.length, 3);
    const next = pairs[(index + 1) % 400].ffdm[0];
    const share = (mixed[index].ffdm[0] - next) / (index - next);
    assert.ok(share > 0.299 && share < 0.701, `${share}`);
  }
  assert.deepEqual(mixBatch(pairs, 1, 2, stream()), pairs);
  assert.deepEqual(mixBatch(pairs, 0, 9, stream()), pairs);
  assert.deepEqual(mixBatch(pairs.slice(0, 1), 1, 9, stream()), pairs.slice(0, 1));
});
