import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";
import type { PairRecord } from "../../src/data/manifest.ts";
import { preparePair } from "../../src/data/preprocess.ts";
import { assertClose } from "../helpers/compare.ts";

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
