import plain from "../shaders/bestAnchors.plain.wgsl";
import tree from "../shaders/bestAnchors.wgsl";
import { boxAt, intersectionOverUnion } from "../src/base/boxes.ts";
import { type Buffers, type Kernel, linearWorkgroups } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

/** `boxes`: rows of ground truth of one sample, used or not. */
export type MatchingParameters = { batch: number; boxes: number; anchors: number };

export const matchingCases: readonly MatchingParameters[] = [
  { batch: 1, boxes: 1, anchors: 1 },
  { batch: 3, boxes: 5, anchors: 257 },
  { batch: 2, boxes: 7, anchors: 1009 },
];

function randomBoxes(count: number, uniform: () => number): Float64Array {
  const boxes = new Float64Array(4 * count);
  for (let k = 0; k < count; k++) {
    const [y, x, height, width] = [uniform(), uniform(), uniform(), uniform()].map(Math.abs);
    boxes.set([y, x, y + height, x + width], 4 * k);
  }
  return boxes;
}

/** Boxes with area; every fourth row unused, a box twice, classes from 0. */
export function matchingInputs(p: MatchingParameters, uniform: () => number): Buffers {
  const rows = p.batch * p.boxes;
  const boxes = randomBoxes(rows, uniform);
  if (p.boxes > 2) boxes.copyWithin(8, 0, 4);
  return {
    anchors: randomBoxes(p.anchors, uniform),
    boxes,
    classes: Float64Array.from({ length: rows }, (_, k) => (k % 4 === 3 ? -1 : k % 3)),
  };
}

const constants = (p: MatchingParameters): Record<string, number> => ({
  ANCHORS: p.anchors,
  BOXES: p.batch * p.boxes,
  WORKGROUP: 64,
});

/** The anchor of highest IoU of every ground-truth box, the first of several; −1 for unused rows. */
export const bestAnchors: Kernel<MatchingParameters> = {
  name: "bestAnchors",
  bindings: (p) => [
    { name: "anchors", access: "read", shape: [p.anchors, 4] },
    { name: "boxes", access: "read", shape: [p.batch, p.boxes, 4] },
    { name: "classes", access: "read", shape: [p.batch, p.boxes], dtype: "i32" },
    { name: "best", access: "write", shape: [p.batch, p.boxes], dtype: "i32" },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: (p) => linearWorkgroups(p.batch * p.boxes),
      barriers: true,
    },
    serialVariant(plain, constants, (p) => p.batch * p.boxes),
  ],
  flops: (p) => 14 * p.batch * p.boxes * p.anchors,
  reference(p, { anchors, boxes, classes, best }) {
    for (let k = 0; k < p.batch * p.boxes; k++) {
      let highest = { overlap: -1, anchor: -1 };
      for (let anchor = 0; anchor < p.anchors && classes[k] >= 0; anchor++) {
        const overlap = intersectionOverUnion(boxAt(boxes, k), boxAt(anchors, anchor));
        if (overlap > highest.overlap) highest = { overlap, anchor };
      }
      best[k] = highest.anchor;
    }
  },
  cases: matchingCases,
  testInputs: matchingInputs,
};
