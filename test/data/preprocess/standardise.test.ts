import assert from "node:assert/strict";
import { test } from "node:test";
import { standardise } from "../../../src/data/preprocess/standardise.ts";
import { assertClose } from "../../helpers/compare.ts";

const rounding = { absolute: 1e-6, relative: 1e-6 };

test("tissue comes to mean 0 and standard deviation 1, whatever the air around it", () => {
  const tissue = [3, 5, 9, 11, 4, 16];
  const alone = standardise(Float32Array.from(tissue));
  const mean = alone.reduce((sum, value) => sum + value, 0) / 6;
  const square = alone.reduce((sum, value) => sum + value ** 2, 0) / 6;
  assertClose([mean, square], [0, 1], rounding, "moments");
  const withAir = standardise(Float32Array.from([0, 1, ...tissue, 2, 0, 0]), 2);
  assertClose(withAir.slice(2, 8), alone, rounding, "beside air");
  assert.ok(withAir[0] < withAir[1] && withAir[1] < withAir[2]);
});

test("air is brought up to 4 deviations under the mean, tissue never", () => {
  const pixels = Float32Array.from({ length: 1000 }, (_, index) => 100 + (index % 2));
  pixels[0] = 0;
  assert.equal(standardise(pixels, 50)[0], -4);
  assert.ok(standardise(pixels)[0] < -20);
});

test("a breast without contrast becomes 0, and so does a picture of air alone", () => {
  assert.deepEqual(standardise(new Float32Array(9).fill(700)), new Float32Array(9));
  assert.deepEqual(standardise(new Float32Array(9).fill(3), 5), new Float32Array(9));
});
