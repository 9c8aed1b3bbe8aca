import assert from "node:assert/strict";
import { test } from "node:test";
import { freeResponseFigures } from "../../src/evaluate/alternativeFroc.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

interface FreeResponseGoldens {
  wafroc: {
    name: string;
    normal: number[][];
    abnormal: { NL: number[]; LL: (number | null)[]; weights: number[] }[];
    expected: Record<"AFROC" | "AFROC1" | "wAFROC" | "wAFROC1", number>;
  }[];
}

for (const { name, normal, abnormal, expected } of golden<FreeResponseGoldens>("stats").wafroc)
  test(`free-response figures agree with exact fractions and RJafroc: ${name}`, () => {
    const { afroc, afroc1, wafroc, wafroc1 } = freeResponseFigures([
      ...normal.map((falseMarks) => ({ falseMarks, lesions: [] })),
      ...abnormal.map(({ NL, LL, weights }) => ({
        falseMarks: NL,
        lesions: LL.map((rating) => rating ?? Number.NEGATIVE_INFINITY),
        weights,
      })),
    ]);
    const { AFROC, AFROC1, wAFROC, wAFROC1 } = expected;
    assertClose([afroc, afroc1, wafroc, wafroc1], [AFROC, AFROC1, wAFROC, wAFROC1], tolerance, "figures");
  });

test("without normal images there is nothing to be rated above", () => {
  assert.ok(Number.isNaN(freeResponseFigures([{ falseMarks: [], lesions: [1] }]).wafroc));
});
