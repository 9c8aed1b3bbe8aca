import assert from "node:assert/strict";
import { test } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { dbtexRule, hasLesion, imageScore, iouRule, matchRule } from "../../src/evaluate/detection.ts";

const annotation = { box: [0, 0, 10, 10] as Box, label: 1 };
const at = (box: Box) => ({ box, label: 1, score: 0.5 });

test("the IoU rule matches from its threshold on, and gives the overlap", () => {
  const half = at([0, 0, 10, 5]);
  assert.equal(iouRule(0.5).fit(half, annotation), 0.5);
  assert.equal(iouRule(0.51).fit(half, annotation), -Infinity);
  assert.equal(iouRule(0.1).fit(at([20, 20, 30, 30]), annotation), -Infinity);
});

test("a threshold of 1 lets rounding pass", () => {
  assert.ok(iouRule(1).fit(at([0, 0, 10, 10 - 1e-11]), annotation) > 0.999);
  assert.equal(iouRule(1).fit(at([0, 0, 10, 10 - 1e-7]), annotation), -Infinity);
});

test("an image scores as its best detection of any class, and 0 without one", () => {
  const detections = [at([0, 0, 1, 1]), { ...at([5, 5, 6, 6]), label: 2, score: 0.75 }];
  assert.equal(imageScore({ patient: "a", annotations: [], detections }), 0.75);
  assert.equal(imageScore({ patient: "a", annotations: [annotation], detections: [] }), 0);
  assert.equal(hasLesion({ patient: "a", annotations: [annotation], detections: [] }), true);
  assert.equal(hasLesion({ patient: "a", annotations: [], detections }), false);
});

test("the DBTex rule goes by the centres' distance, up to half the diagonal or so many pixels", () => {
  const annotation = { box: [0, 0, 30, 40] as const, label: 1 };
  const at = (y: number, x: number) => ({ box: [y - 1, x - 1, y + 1, x + 1] as const, label: 1, score: 1 });
  // Centre (15, 20), half the diagonal 25.
  const near = dbtexRule(10);
  assert.equal(near.fit(at(15, 45), annotation), -25);
  assert.equal(near.fit(at(15, 45.1), annotation), Number.NEGATIVE_INFINITY);
  assert.ok(near.fit(at(15, 22), annotation) > near.fit(at(15, 24), annotation));
  assert.ok(dbtexRule(100).fit(at(115, 20), annotation) === -100);
  assert.equal(matchRule("dbtex 100").name, dbtexRule(100).name);
  assert.equal(matchRule("iou 0.25").name, "IoU >= 0.25");
  assert.throws(() => matchRule("giou 1"), /no match rule "giou 1"/);
});
