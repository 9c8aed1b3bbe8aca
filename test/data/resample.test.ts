import assert from "node:assert/strict";
import { test } from "node:test";
import { linearAxis, resample, resizeAxis, windowAxis } from "../../src/data/resample.ts";
import { assertClose } from "../helpers/compare.ts";

const resize = (pixels: number[], [height, width]: number[], [toHeight, toWidth]: number[]) => [
  ...resample(Uint16Array.from(pixels), width, resizeAxis(height, toHeight), resizeAxis(width, toWidth)),
];

const rounding = { absolute: 1e-6, relative: 1e-6 };

test("shrinking averages the area that an output pixel covers", () => {
  assert.deepEqual(resize([1, 3, 5, 9], [1, 4], [1, 2]), [2, 7]);
  // Three pixels to two: each covers one and a half.
  assertClose(resize([6, 12, 30], [1, 3], [1, 2]), [8, 24], rounding, "3 to 2");
  assertClose(resize([6, 12, 30], [3, 1], [2, 1]), [8, 24], rounding, "3 to 2 along columns");
  // Five to three: 5/3 each: (1, 2/3), (1/3, 1, 1/3), (2/3, 1).
  assertClose(resize([3, 6, 9, 12, 15], [1, 5], [1, 3]), [4.2, 9, 13.8], rounding, "5 to 3");
  assert.deepEqual(resize([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], [1, 1]), [4.5]);
});

test("growing interpolates between pixel centres and repeats the edges", () => {
  assert.deepEqual(resize([0, 8], [1, 2], [1, 4]), [0, 2, 6, 8]);
  assert.deepEqual(resize([0, 8, 16, 24], [2, 2], [4, 2]), [0, 8, 4, 12, 12, 20, 16, 24]);
  assert.deepEqual(resize([7], [1, 1], [2, 3]), [7, 7, 7, 7, 7, 7]);
});

test("one axis may grow while the other shrinks", () => {
  assert.deepEqual(resize([0, 2, 8, 10], [2, 2], [4, 1]), [1, 3, 7, 9]);
});

test("an image of the grid's size stays as it is, and so does the mean when it shrinks", () => {
  const pixels = Array.from({ length: 7 * 11 }, (_, index) => (index * 7919) % 65_536);
  assert.deepEqual(resize(pixels, [7, 11], [7, 11]), pixels);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const shrunk = resize(pixels, [7, 11], [3, 4]);
  assert.ok(Math.abs(mean(shrunk) / mean(pixels) - 1) < 1e-6);
});

test("positions outside repeat the edge", () => {
  const rows = linearAxis(1, Float64Array.of(0.5));
  const columns = linearAxis(3, Float64Array.of(-9, 0, 1, 2.75, 3, 20));
  assert.deepEqual([...resample(Float32Array.of(1, 3, 7), 3, rows, columns)], [1, 1, 2, 7, 7, 7]);
});

test("a window of the input keeps its scale, and repeats the edge outside", () => {
  // Position p lies at p/2 + 1 on the output: one pixel before the input, two within, one behind.
  const shrunk = windowAxis(4, 4, 0.5, 1);
  assertClose(
    resample(Float32Array.of(2, 4, 6, 8), 4, windowAxis(1, 1, 1, 0), shrunk),
    [2, 3, 7, 8],
    rounding,
    "half",
  );
  // Half an output pixel lies outside: what is inside fills it.
  const cut = windowAxis(4, 2, 0.5, 0.5);
  assertClose(resample(Float32Array.of(2, 4, 6, 8), 4, windowAxis(1, 1, 1, 0), cut), [2, 5], rounding, "cut");
  const grown = windowAxis(2, 5, 2, 0);
  assert.deepEqual([...resample(Float32Array.of(0, 8), 2, windowAxis(1, 1, 1, 0), grown)], [0, 2, 6, 8, 8]);
});
