import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";
import type { PairRecord } from "../../src/data/manifest.ts";
import { prepareImage, preparePair, scaleBox } from "../../src/data/preprocess.ts";
import { linearAxis, resample, resizeAxis } from "../../src/data/resample.ts";
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

const imageOf = (height: number, width: number): GrayImage => ({
  height,
  width,
  bits: 14,
  data: Uint16Array.from({ length: height * width }, (_, index) => (index * 7919) % 16_384),
});

test("a prepared image has mean 0 and standard deviation 1", () => {
  for (const [height, width] of [
    [30, 41],
    [8, 8],
  ]) {
    const pixels = prepareImage(imageOf(height, width), 16, 16);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / 256;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 256;
    assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-5, `${mean}, ${variance}`);
  }
});

test("an image without contrast becomes 0", () => {
  const flat = { ...imageOf(6, 5), data: new Uint16Array(30).fill(9000) };
  assert.deepEqual(prepareImage(flat, 4, 4), new Float32Array(16));
});

test("boxes are scaled along each axis", () => {
  assert.deepEqual(scaleBox([10, 20, 30, 60], { height: 100, width: 200 }, 50, 400), [5, 40, 15, 120]);
});

const record: PairRecord = {
  row: 12,
  patient: "P1",
  side: "L",
  view: "CC",
  ffdm: "/set/f.dcm",
  sm: "/set/s.dcm",
  ffdmBoxes: [[0, 0, 40, 50]],
  smBoxes: [[0, 0, 20, 25.5]],
  classes: [3],
  split: "train",
};

test("a pair of two sizes lands on one grid", () => {
  const pair = preparePair(record, imageOf(40, 50), imageOf(20, 25), 8, 10);
  assert.equal(pair.ffdm.length, 80);
  assert.equal(pair.sm.length, 80);
  assert.deepEqual(pair.ffdmBoxes, [[0, 0, 8, 10]]);
  assertClose(pair.smBoxes[0], [0, 0, 8, 10.2], rounding, "SM box");
  assert.deepEqual(pair.classes, [3]);
});

test("aspect ratios may differ by 2 %, not more", () => {
  const boxless = { ...record, ffdmBoxes: [], smBoxes: [], classes: [] };
  preparePair(boxless, imageOf(100, 100), imageOf(55, 54), 8, 8);
  preparePair(boxless, imageOf(55, 54), imageOf(100, 100), 8, 8);
  for (const [ffdm, sm] of [
    [imageOf(100, 100), imageOf(53, 50)],
    [imageOf(100, 100), imageOf(50, 53)],
  ])
    assert.throws(
      () => preparePair(boxless, ffdm, sm, 8, 8),
      new UserError(
        `manifest row 12: /set/f.dcm is 100x100 pixels and /set/s.dcm ${sm.height}x${sm.width} (height x width): their aspect ratios must agree within 2 %`,
      ),
    );
});

test("a box may leave its image by half a pixel, not more", () => {
  const load = (change: Partial<PairRecord>) => () =>
    preparePair({ ...record, ...change }, imageOf(40, 50), imageOf(20, 25), 8, 10);
  load({ ffdmBoxes: [[-0.5, -0.5, 40.5, 50.5]] })();
  for (const box of [
    [-0.6, 0, 9, 9],
    [0, -0.6, 9, 9],
    [0, 0, 40.6, 9],
    [0, 0, 9, 50.6],
  ] as const)
    assert.throws(
      load({ ffdmBoxes: [box] }),
      new UserError(
        `manifest row 12: FFDM box ${box.join(" ")} lies outside /set/f.dcm of 40x50 pixels (height x width)`,
      ),
    );
  assert.throws(
    load({ smBoxes: [[0, 0, 21, 9]] }),
    /^UserError: manifest row 12: SM box 0 0 21 9 lies outside \/set\/s/,
  );
});
