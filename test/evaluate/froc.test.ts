import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Annotation, Box, Detection } from "../../src/base/boxes.ts";
import { type ImageResult, iouRule, type MatchRule } from "../../src/evaluate/detection.ts";
import { type FrocPoint, frocCurve, prepareFroc, sensitivityAt } from "../../src/evaluate/froc.ts";
import { assertClose } from "../helpers/compare.ts";
import { arbitraryResults, repeatImages } from "./arbitraryResults.ts";
import { golden, tolerance } from "./goldens.ts";

interface FrocGoldens {
  cases: {
    name: string;
    /** study, view */
    volumes: [string, string][];
    /** study, view, slice, x, y, width, height, slices of the volume */
    boxes: [string, string, ...number[]][];
    /** study, view, x, y, width, height, z, depth, score */
    predictions: [string, string, ...number[]][];
    expected: Record<string, number> & Record<"curve_all" | "curve_positive", number[][]>;
  }[];
}

const { cases } = golden<FrocGoldens>("froc");

interface InVolume {
  readonly z: number;
  /** Largest distance in slices. */
  readonly reach?: number;
}

const middle = ([yMin, xMin, yMax, xMax]: Box): [number, number] => [(yMin + yMax) / 2, (xMin + xMax) / 2];

/** DBTex: centres apart by no more than half the lesion's diagonal or 100 pixels, and a quarter of the slices. */
const dbtexRule: MatchRule = {
  name: "DBTex",
  fit(detection, annotation) {
    const [{ z }, lesion] = [detection as Detection & InVolume, annotation as Annotation & InVolume];
    const [y, x] = middle(detection.box);
    const [lesionY, lesionX] = middle(annotation.box);
    const [yMin, xMin, yMax, xMax] = annotation.box;
    const radius = Math.max(Math.sqrt((xMax - xMin) ** 2 + (yMax - yMin) ** 2) / 2, 100);
    const distance = Math.sqrt((x - lesionX) ** 2 + (y - lesionY) ** 2);
    const hit = distance <= radius && Math.abs(z - lesion.z) <= lesion.reach!;
    return hit ? -Math.hypot(distance, z - lesion.z) : Number.NEGATIVE_INFINITY;
  },
};

const toBox = (x: number, y: number, width: number, height: number): Box => [y, x, y + height, x + width];

function toResults({ volumes, boxes, predictions }: FrocGoldens["cases"][number]): ImageResult[] {
  return volumes.map(([study, view]) => {
    const here = ([otherStudy, otherView]: readonly unknown[]) => otherStudy === study && otherView === view;
    const annotations = boxes
      .filter(here)
      .map(([, , slice, x, y, width, height, slices]): Annotation & InVolume => ({
        label: 1,
        box: toBox(x, y, width, height),
        z: slice,
        reach: slices / 4,
      }));
    const detections = predictions
      .filter(here)
      .map(([, , x, y, width, height, z, depth, score]): Detection & InVolume => ({
        label: 1,
        box: toBox(x, y, width, height),
        z: z + depth / 2,
        score,
      }));
    return { patient: study, annotations, detections };
  });
}

const cornerOf = ({ falsePositivesPerImage, sensitivity }: FrocPoint): string =>
  String([falsePositivesPerImage, sensitivity]);

for (const golden of cases)
  test(`FROC agrees with DBTex's official evaluation: ${golden.name}`, () => {
    const all = toResults(golden);
    const positive = all.filter(({ annotations }) => annotations.length > 0);
    const { expected } = golden;
    const curve = frocCurve(positive, dbtexRule);
    const sensitivities = sensitivityAt(curve, [1, 2, 3, 4]);
    assertClose(
      [...sensitivities, sensitivities.reduce((sum, value) => sum + value, 0) / 4],
      [
        ...[1, 2, 3, 4].map((rate) => expected[`sensitivity_at_${rate}_fps_positive`]),
        expected.mean_sensitivity_positive,
      ],
      tolerance,
      "on volumes with lesions",
    );
    const atTwo = sensitivityAt(frocCurve(all, dbtexRule), [2]);
    assertClose(atTwo, [expected.sensitivity_at_2_fps_all], tolerance, "on all volumes");
    // The official curve ends with its first point beyond 4 false positives.
    const official = expected.curve_positive.map(([, rate, sensitivity]) => String([rate, sensitivity]));
    assert.deepEqual([...new Set(curve.map(cornerOf))].slice(0, new Set(official).size), [
      ...new Set(official),
    ]);
  });

const box: Box = [0, 0, 10, 10];
const elsewhere: Box = [50, 50, 60, 60];

test("a detection of another class is a false positive, a second one of a lesion is neither", () => {
  const results: ImageResult[] = [
    {
      patient: "a",
      annotations: [{ box, label: 1 }],
      detections: [
        { box, label: 2, score: 0.9 },
        { box, label: 1, score: 0.8 },
        { box: [0, 0, 10, 9], label: 1, score: 0.7 },
        { box: elsewhere, label: 1, score: 0.6 },
      ],
    },
    { patient: "b", annotations: [], detections: [] },
  ];
  assert.deepEqual(frocCurve(results, iouRule(0.1)), [
    { threshold: Infinity, falsePositivesPerImage: 0, sensitivity: 0 },
    { threshold: 0.8, falsePositivesPerImage: 0.5, sensitivity: 1 },
    { threshold: 0.7, falsePositivesPerImage: 0.5, sensitivity: 1 },
    { threshold: 0.6, falsePositivesPerImage: 1, sensitivity: 1 },
  ]);
  assert.deepEqual(sensitivityAt(frocCurve(results, iouRule(0.1)), [0, 0.25, 0.5, 2]), [0, 0.5, 1, 1]);
});

test("sensitivity grows with the rate of false positives and with a laxer rule, between 0 and 1", () =>
  fc.assert(
    fc.property(
      arbitraryResults.filter((results) => results.some(({ annotations }) => annotations.length > 0)),
      (results) => {
        const rates = [0, 0.25, 0.5, 1, 2, 4];
        const strict = sensitivityAt(frocCurve(results, iouRule(0.5)), rates);
        strict.forEach((value, index) => {
          assert.ok(value >= (index === 0 ? 0 : strict[index - 1]) && value <= 1);
        });
        const most = (threshold: number) => frocCurve(results, iouRule(threshold)).at(-1)!.sensitivity;
        assert.ok(most(0.1) >= most(0.5));
      },
    ),
  ));

test("an image of weight n counts as n copies of it, also when the curve is cut at a rate", () =>
  fc.assert(
    fc.property(arbitraryResults, fc.infiniteStream(fc.nat(3)), (results, counts) => {
      const weights = Float64Array.from(results, () => counts.next().value);
      const copies = repeatImages(results, weights);
      fc.pre(copies.some(({ annotations }) => annotations.length > 0));
      const rates = [0.25, 0.5, 1, 2];
      const prepared = prepareFroc(results, iouRule(0.1));
      const expected = sensitivityAt(frocCurve(copies, iouRule(0.1)), rates);
      assertClose(sensitivityAt(prepared(weights), rates), expected, tolerance, "whole curve");
      assertClose(sensitivityAt(prepared(weights, 2), rates), expected, tolerance, "cut curve");
    }),
  ));

test("without lesions the sensitivity is NaN, without detections 0", () => {
  const normal = { patient: "a", annotations: [], detections: [{ box, label: 1, score: 0.5 }] };
  const missed = { patient: "b", annotations: [{ box, label: 1 }], detections: [] };
  assert.deepEqual(sensitivityAt(frocCurve([normal], iouRule(0.1)), [1]), [NaN]);
  assert.deepEqual(sensitivityAt(frocCurve([missed], iouRule(0.1)), [1]), [0]);
});
