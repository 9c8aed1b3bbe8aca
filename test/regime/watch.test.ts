import assert from "node:assert/strict";
import { test } from "node:test";
import { Watch } from "../../src/regime/watch.ts";

/** The warnings of a task whose epochs have these losses. */
function warnings(
  stage: 1 | 2 | 3,
  losses: readonly [training: number, validation: number][],
  rank = 9,
  byBatch = 0,
): string[] {
  const watch = new Watch(stage);
  return losses.flatMap(([training, validation], index) =>
    watch.after(
      {
        epoch: index + 1,
        epochs: losses.length,
        batchStatistics: index < byBatch,
        training: { loss: training },
        validation: { loss: validation, "P3 cosine": 0.4 },
        seconds: 1,
        imagesPerSecond: 1,
        waitSeconds: 0,
      },
      { "module_a P3": rank },
    ),
  );
}

const falling: [number, number][] = [
  [1, 1],
  [0.8, 0.85],
  [0.6, 0.7],
  [0.5, 0.6],
];

test("nothing is said while both losses fall", () => {
  for (const stage of [1, 2, 3] as const) assert.deepEqual(warnings(stage, falling), []);
});

test("over-fitting is said once, when validation stays above its best while training falls", () => {
  const apart: [number, number][] = [...falling, [0.4, 0.8], [0.3, 0.9], [0.2, 1]];
  const [warning, ...others] = warnings(1, apart);
  assert.match(warning, /^over-fitting: the training loss fell to 0\.300, .* best of 0\.600 in epoch 4/);
  assert.deepEqual(others, []);
});

test("epochs that normalise by the batch are not compared with validation", () => {
  const apart: [number, number][] = [
    [1, 1],
    [0.8, 9],
    [0.6, 9],
  ];
  assert.equal(warnings(1, apart).length, 1);
  assert.deepEqual(warnings(1, apart, 9, 2), []);
});

test("one bad epoch is no over-fitting", () => {
  assert.deepEqual(warnings(1, [...falling, [0.4, 0.9], [0.39, 0.6]]), []);
});

test("a collapsed level is named", () => {
  const [warning, ...others] = warnings(1, falling, 1.2);
  assert.match(warning, /^representation collapse: the effective rank is below 2 at module_a P3 1\.20/);
  assert.deepEqual(others, []);
});

test("distillation that stands still is said in stage 2 alone", () => {
  const still: [number, number][] = [
    [1, 1],
    [1, 0.99],
    [1, 0.98],
    [1, 0.99],
  ];
  const [warning, ...others] = warnings(2, still);
  assert.match(warning, /^distillation is not converging: .* \(loss 1\.00, now 0\.990; cosine P3 0\.600\)$/);
  assert.deepEqual(others, []);
  assert.deepEqual(warnings(1, still), []);
});
