import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Box, Detection } from "../../src/base/boxes.ts";
import { averagePrecision, prepareAveragePrecisions } from "../../src/evaluate/averagePrecision.ts";
import { type ImageResult, iouRule } from "../../src/evaluate/detection.ts";
import { assertClose } from "../helpers/compare.ts";
import { arbitraryResults, repeatImages } from "./arbitraryResults.ts";
import { golden, tolerance } from "./goldens.ts";

interface CocoGoldens {
  iouThrs_standard: number[];
  cases: {
    name: string;
    image_ids: number[];
    /** id, image, category, x, y, width, height */
    ground_truth: number[][];
    /** image, category, x, y, width, height, score */
    detections: number[][];
    expected: {
      AP: number;
      standard: number[];
      custom: { iouThrs: number[]; AP: number[]; AP_per_category: Record<string, number[]> };
    };
  }[];
}

const { cases, iouThrs_standard: standardThresholds } = golden<CocoGoldens>("coco_ap");

const toBox = (x: number, y: number, width: number, height: number): Box => [y, x, y + height, x + width];

/** COCO judges images in ascending order of their ids. */
function toResults({ image_ids, ground_truth, detections }: CocoGoldens["cases"][number]): ImageResult[] {
  return [...image_ids]
    .sort((a, b) => a - b)
    .map((id) => ({
      patient: String(id),
      annotations: ground_truth
        .filter(([, image]) => image === id)
        .map(([, , label, x, y, width, height]) => ({ label, box: toBox(x, y, width, height) })),
      detections: detections
        .filter(([image]) => image === id)
        .map(([, label, x, y, width, height, score]) => ({ label, score, box: toBox(x, y, width, height) })),
    }));
}

/** Only what is of one class. */
const ofClass = (results: readonly ImageResult[], label: number): ImageResult[] =>
  results.map(({ patient, annotations, detections }) => ({
    patient,
    annotations: annotations.filter((annotation) => annotation.label === label),
    detections: detections.filter((detection) => detection.label === label),
  }));

/** pycocotools writes −1 where there is no ground truth. */
const orMinusOne = (precision: number): number => (Number.isNaN(precision) ? -1 : precision);

for (const golden of cases)
  test(`average precision agrees with pycocotools: ${golden.name}`, () => {
    const results = toResults(golden);
    const at = (images: readonly ImageResult[]) => (threshold: number) =>
      orMinusOne(averagePrecision(images, iouRule(threshold)));
    const { AP, standard, custom } = golden.expected;
    const found = standardThresholds.map(at(results));
    assertClose(found, standard, tolerance, "IoU .5 to .95");
    assertClose([found.reduce((sum, value) => sum + value, 0) / found.length], [AP], tolerance, "mean");
    assertClose(custom.iouThrs.map(at(results)), custom.AP, tolerance, "IoU .1 to .75");
    for (const [label, expected] of Object.entries(custom.AP_per_category))
      assertClose(custom.iouThrs.map(at(ofClass(results, Number(label)))), expected, tolerance, label);
  });

test("an image of weight n counts as n copies of it, under several rules at once", () =>
  fc.assert(
    fc.property(arbitraryResults, fc.infiniteStream(fc.nat(3)), (results, counts) => {
      const weights = Float64Array.from(results, () => counts.next().value);
      const rules = [iouRule(0.1), iouRule(0.5)];
      const copies = repeatImages(results, weights);
      assertClose(
        prepareAveragePrecisions(results, rules)(weights).map(orMinusOne),
        rules.map((rule) => orMinusOne(averagePrecision(copies, rule))),
        tolerance,
        "average precision",
      );
    }),
  ));

test("without annotations there is no average precision, without detections it is 0", () => {
  const box: Box = [0, 0, 4, 4];
  const lesion = { patient: "a", annotations: [{ box, label: 1 }], detections: [] };
  const normal = { patient: "b", annotations: [], detections: [{ box, label: 1, score: 0.5 }] };
  assert.equal(averagePrecision([normal], iouRule(0.1)), NaN);
  assert.equal(averagePrecision([lesion, normal], iouRule(0.1)), 0);
});

test("the 100 best detections of an image and class count, no more", () => {
  const box: Box = [0, 0, 4, 4];
  const misses = (count: number, label: number) =>
    Array.from({ length: count }, (_, index) => ({
      box: [50, 50, 60, 60] as Box,
      label,
      score: 0.9 - index / 1000,
    }));
  const hit = { box, label: 1, score: 0.1 };
  const judge = (detections: Detection[]) =>
    averagePrecision([{ patient: "a", annotations: [{ box, label: 1 }], detections }], iouRule(0.1));
  assertClose([judge([...misses(99, 1), ...misses(99, 2), hit])], [1 / 100], tolerance, "hit of rank 100");
  assert.equal(judge([...misses(100, 1), hit]), 0);
});
