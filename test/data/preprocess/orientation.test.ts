import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { orientationOf } from "../../../src/data/preprocess/orientation.ts";

const imageOf = (
  laterality: "L" | "R" | undefined,
  orientation: GrayImage["orientation"] | undefined,
): GrayImage => ({
  height: 1,
  width: 1,
  bits: 12,
  data: new Uint16Array(1),
  ...(laterality ? { laterality } : {}),
  ...(orientation ? { orientation } : {}),
});

test("rows that lead to the front of the body begin at the chest wall", () => {
  const still = { columns: false, rows: false };
  for (const [laterality, orientation, expected] of [
    ["L", ["A", "R"], still],
    ["L", ["A", "FR"], still],
    ["R", ["P", "L"], { ...still, columns: true }],
    ["R", ["P", "FL"], { ...still, columns: true }],
    ["R", ["A", "L"], still],
    // Upside down: the head below, or the breast's own side.
    ["L", ["A", "HL"], { ...still, rows: true }],
    ["L", ["A", "L"], { ...still, rows: true }],
    ["R", ["P", "HR"], { columns: true, rows: true }],
    [undefined, undefined, still],
  ] as const)
    assert.deepEqual(orientationOf(imageOf(laterality, orientation), undefined, "f"), expected);
});

test("the tissue decides against the file, with a warning", () => {
  const left = imageOf("L", ["A", "R"]);
  assert.deepEqual(orientationOf(left, "left", "f.dcm"), { columns: false, rows: false });
  assert.deepEqual(orientationOf(left, "right", "f.dcm"), {
    columns: true,
    rows: false,
    warning:
      "f.dcm: PatientOrientation A\\R puts the chest wall at the left, the tissue touches the right side; turned by the tissue, because a header can be wrong and pixels cannot",
  });
  assert.deepEqual(orientationOf(imageOf(undefined, undefined), "right", "f"), {
    columns: true,
    rows: false,
  });
});
