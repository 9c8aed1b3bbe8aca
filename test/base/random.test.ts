import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";

test("a stream gives the same numbers whatever the order they are asked in", () => {
  const stream = new RandomStream(7, "order");
  const forward = [0, 1, 2, 3].map((counter) => stream.uniformAt(counter));
  const backward = [3, 2, 1, 0].map((counter) => new RandomStream(7, "order").uniformAt(counter)).reverse();
  assert.deepEqual(forward, backward);
});

test("streams of other names and seeds differ", () => {
  const values = new Set<number>();
  for (let seed = 0; seed < 20; seed++)
    for (const name of ["a", "b", "c"]) values.add(new RandomStream(seed, name).bitsAt(0));
  assert.equal(values.size, 60);
});

test("uniforms and normals have their mean and variance", () => {
  const stream = new RandomStream(1, "moments");
  const count = 200_000;
  const moments = (draw: (counter: number) => number) => {
    let sum = 0;
    let squares = 0;
    for (let counter = 0; counter < count; counter++) {
      const value = draw(counter);
      sum += value;
      squares += value * value;
    }
    return { mean: sum / count, variance: squares / count - (sum / count) ** 2 };
  };
  const uniform = moments((counter) => stream.uniformAt(counter));
  // Five standard errors of the mean of 200,000 draws.
  assert.ok(Math.abs(uniform.mean - 0.5) < 0.0033 && Math.abs(uniform.variance - 1 / 12) < 0.001);
  const normal = moments((counter) => stream.normalAt(counter));
  assert.ok(Math.abs(normal.mean) < 0.012 && Math.abs(normal.variance - 1) < 0.02);
});

test("a permutation holds every integer once", () => {
  const order = new RandomStream(3, "shuffle").nextPermutation(101);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 101 }, (_, index) => index),
  );
  assert.notDeepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});
