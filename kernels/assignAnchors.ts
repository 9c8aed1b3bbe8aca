import shader from "../shaders/assignAnchors.wgsl";
import { type Box, boxAt, intersectionOverUnion } from "../src/base/boxes.ts";
import { type MatchingParameters, matchingCases, matchingInputs } from "./bestAnchors.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type AssignAnchorsParameters = MatchingParameters & { threshold: number };

/** effdet's box coder: (ty, tx, th, tw) of a box relative to an anchor. */
function encodeBox(box: Box, anchor: Box): number[] {
  const [height, width] = [box[2] - box[0], box[3] - box[1]];
  const [anchorHeight, anchorWidth] = [anchor[2] - anchor[0], anchor[3] - anchor[1]];
  return [
    (box[0] + height / 2 - anchor[0] - anchorHeight / 2) / (anchorHeight + 1e-7),
    (box[1] + width / 2 - anchor[1] - anchorWidth / 2) / (anchorWidth + 1e-7),
    Math.log((height + 1e-7) / (anchorHeight + 1e-7)),
    Math.log((width + 1e-7) / (anchorWidth + 1e-7)),
  ];
}

/** Class and box targets of every anchor, given each ground-truth box's best one. */
export const assignAnchors: Kernel<AssignAnchorsParameters> = {
  name: "assignAnchors",
  bindings: (p) => [
    { name: "anchors", access: "read", shape: [p.anchors, 4] },
    { name: "boxes", access: "read", shape: [p.batch, p.boxes, 4] },
    { name: "classes", access: "read", shape: [p.batch, p.boxes], dtype: "i32" },
    { name: "best", access: "read", shape: [p.batch, p.boxes], dtype: "i32" },
    { name: "matches", access: "write", shape: [p.batch, p.anchors], dtype: "i32" },
    { name: "classTargets", access: "write", shape: [p.batch, p.anchors], dtype: "i32" },
    { name: "boxTargets", access: "write", shape: [p.batch, p.anchors, 4] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        ANCHORS: p.anchors,
        BOXES: p.boxes,
        LENGTH: p.batch * p.anchors,
        THRESHOLD: p.threshold,
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.anchors, 64)),
    },
  ],
  flops: (p) => 14 * p.batch * p.boxes * p.anchors,
  reference(p, { anchors, boxes, classes, best, matches, classTargets, boxTargets }) {
    for (let i = 0; i < p.batch * p.anchors; i++) {
      const anchor = i % p.anchors;
      const first = Math.floor(i / p.anchors) * p.boxes;
      let highest = 0;
      let found = -1;
      for (let k = 0; k < p.boxes; k++) {
        if (classes[first + k] < 0) continue;
        const overlap = intersectionOverUnion(boxAt(boxes, first + k), boxAt(anchors, anchor));
        if (overlap >= p.threshold && overlap > highest) [highest, found] = [overlap, k];
      }
      const claimed = best.subarray(first, first + p.boxes).indexOf(anchor);
      const match = claimed >= 0 ? claimed : found;
      matches[i] = match;
      classTargets[i] = match < 0 ? -1 : classes[first + match] - 1;
      const code = match < 0 ? [0, 0, 0, 0] : encodeBox(boxAt(boxes, first + match), boxAt(anchors, anchor));
      boxTargets.set(code, 4 * i);
    }
  },
  cases: matchingCases.map((p) => ({ ...p, threshold: 0.5 })),
  testInputs: (p, uniform) => ({
    ...matchingInputs(p, uniform),
    best: Float64Array.from({ length: p.batch * p.boxes }, (_, k) =>
      k % 4 === 3 ? -1 : Math.floor(k / 2) % p.anchors,
    ),
  }),
};
