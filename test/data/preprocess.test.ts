import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";
import type { PairRecord } from "../../src/data/manifest.ts";
import { pairSteps, preparePair } from "../../src/data/preprocess.ts";
import { assertClose } from "../helpers/compare.ts";
import { mammogram } from "../helpers/mammogram.ts";

const rounding = { absolute: 1e-6, relative: 1e-6 };

const imageOf = (height: number, width: number): GrayImage => ({
  height,
  width,
  bits: 14,
  data: Uint16Array.from({ length: height * width }, (_, index) => (index * 7919) % 16_384),
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

const boxless = { ...record, ffdmBoxes: [], smBoxes: [], classes: [] };

test("a pair of two sizes lands on one grid", () => {
  const pair = preparePair(record, imageOf(40, 50), imageOf(20, 25), 8, 10);
  assert.equal(pair.ffdm.length, 80);
  assert.equal(pair.sm.length, 80);
  assert.deepEqual(pair.ffdmBoxes, [[0, 0, 8, 10]]);
  // It ends half a pixel outside its image.
  assertClose(pair.smBoxes[0], [0, 0, 8, 10], rounding, "SM box");
  assert.deepEqual(pair.classes, [3]);
});

test("aspect ratios may differ by 2 %, not more", () => {
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

test("a grid in mm needs the spacing of both images", () => {
  const spaced = { ...imageOf(40, 50), spacing: [0.1, 0.1] as const };
  const options = { crop: true, spacing: 0.2 };
  assert.throws(
    () => preparePair(boxless, spaced, imageOf(20, 25), 8, 10, options),
    new UserError("manifest row 12: /set/s.dcm has no pixel spacing, which a grid of 0.2 mm needs"),
  );
  preparePair(boxless, spaced, spaced, 8, 10, options);
});

test("images with spacing share their millimetres, not their aspect", () => {
  // 40 mm x 50 mm on the FFDM, 20 mm x 60 mm on the SM: the grid's pixels are 7.5 mm, the SM's field in its middle rows.
  const ffdm = { ...imageOf(40, 50), spacing: [1, 1] as const };
  const sm = { ...imageOf(40, 30), spacing: [0.5, 2] as const };
  const boxes = { ...record, ffdmBoxes: [[0, 0, 40, 50]] as const, smBoxes: [[0, 0, 40, 30]] as const };
  const { prepared, grid } = pairSteps(boxes, ffdm, sm, 8, 8);
  assert.equal(grid.spacing, 7.5);
  assertClose(prepared.ffdmBoxes[0], [4 - 20 / 7.5, 0, 4 + 20 / 7.5, 50 / 7.5], rounding, "FFDM");
  assertClose(prepared.smBoxes[0], [4 - 10 / 7.5, 0, 4 + 10 / 7.5, 8], rounding, "SM");
  // Where an all-tissue image does not reach, its mean: 0.
  assertClose(prepared.sm.slice(0, 8), new Float32Array(8), rounding, "outside");
});

test("a lesion outside what the network is shown is left out of both images, with a warning", () => {
  const image = { ...imageOf(40, 50), spacing: [1, 1] as const };
  const boxes = [
    [15, 2, 25, 12],
    [15, 35, 25, 45],
    [15, 12, 25, 24],
  ] as const;
  const three = { ...record, ffdmBoxes: boxes, smBoxes: boxes, classes: [1, 2, 1] };
  const pair = preparePair(three, image, image, 20, 20, { crop: true, spacing: 1 });
  assert.deepEqual(pair.classes, [1, 1]);
  assert.deepEqual(pair.ffdmBoxes[1], [5, 12, 15, 20]);
  assert.deepEqual(pair.warnings, [
    "manifest row 12: 1 of 3 lesions lie outside what the network is shown, and are left out",
  ]);
});

test("breasts of different heights are doubted", () => {
  const image = mammogram({ height: 200, width: 160, chest: "left", spacing: [1, 1] });
  assert.equal(preparePair(boxless, image, image, 64, 64).warnings, undefined);
  const wrong = { ...image, spacing: [0.7, 0.7] as const };
  assert.match(
    preparePair(boxless, image, wrong, 64, 64).warnings?.[0] ?? "",
    /^manifest row 12: the breast is 15\d mm high on \/set\/f.dcm and 10\d on \/set\/s.dcm: is a pixel spacing/,
  );
});

test("an image that does not say how it lies is turned as the other half of its pair", () => {
  const image = imageOf(20, 25);
  const right = { ...image, orientation: ["P", "L"] as const };
  const mirrored = preparePair(boxless, right, right, 20, 25);
  assert.notDeepEqual(mirrored.ffdm, preparePair(boxless, image, image, 20, 25).ffdm);
  for (const [ffdm, sm] of [
    [right, image],
    [image, right],
  ]) {
    const pair = preparePair(boxless, ffdm, sm, 20, 25);
    assert.deepEqual(pair.ffdm, mirrored.ffdm);
    assert.deepEqual(pair.sm, mirrored.sm);
  }
});

test("a pair of which one half has air around its breast and the other none is kept whole", () => {
  const ffdm = mammogram({ height: 200, width: 160, chest: "left", spacing: [1, 1] });
  const sm: GrayImage = { ...imageOf(200, 160), spacing: [1, 1] };
  const { images, prepared } = pairSteps(boxless, ffdm, sm, 64, 64);
  assert.deepEqual(
    [images.ffdm.breast.box, images.sm.breast.box],
    [
      [0, 0, 200, 160],
      [0, 0, 200, 160],
    ],
  );
  assert.deepEqual(prepared.warnings, [
    "manifest row 12: air around a breast is found on /set/f.dcm and not on /set/s.dcm; both are kept whole",
  ]);
});

test("a side that a file contradicts is pointed out", () => {
  const right = { ...imageOf(20, 25), laterality: "R" as const };
  assert.deepEqual(preparePair(boxless, right, imageOf(20, 25), 20, 25).warnings, [
    "manifest row 12: side is L, /set/f.dcm says R",
  ]);
});
