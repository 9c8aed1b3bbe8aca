import shader from "../shaders/decodeBoxes.wgsl";
import { type Box, boxAt } from "../src/base/boxes.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type DecodeBoxesParameters = {
  batch: number;
  /** Anchors of one pixel. */
  perPixel: number;
  /** Of all levels, packed; more than the anchors need where they are filled up to a multiple of four. */
  pixels: number;
  anchors: number;
};

/** The box that a code (ty, tx, th, tw) makes of an anchor. */
function decodeBox([ty, tx, th, tw]: readonly number[], anchor: Box): Box {
  const [height, width] = [anchor[2] - anchor[0], anchor[3] - anchor[1]];
  const [centerY, centerX] = [
    ty * height + (anchor[0] + anchor[2]) / 2,
    tx * width + (anchor[1] + anchor[3]) / 2,
  ];
  const [halfHeight, halfWidth] = [(Math.exp(th) * height) / 2, (Math.exp(tw) * width) / 2];
  return [centerY - halfHeight, centerX - halfWidth, centerY + halfHeight, centerX + halfWidth];
}

/** Boxes [batch, pixels · perPixel, 4] of all levels from their codes, which channel = anchor · 4 + component orders. */
export const decodeBoxes: Kernel<DecodeBoxesParameters> = {
  name: "decodeBoxes",
  bindings: (p) => [
    { name: "codes", access: "read", shape: [p.batch, 4 * p.perPixel, p.pixels] },
    { name: "anchors", access: "read", shape: [p.anchors, 4] },
    { name: "boxes", access: "write", shape: [p.batch, p.pixels * p.perPixel, 4] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        PER_PIXEL: p.perPixel,
        PIXELS: p.pixels,
        LENGTH: p.batch * p.pixels * p.perPixel,
        ANCHORS: p.anchors,
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.pixels * p.perPixel, 64)),
    },
  ],
  flops: (p) => 18 * p.batch * p.pixels * p.perPixel,
  reference(p, { codes, anchors, boxes }) {
    const ofSample = p.pixels * p.perPixel;
    for (let i = 0; i < p.batch * ofSample; i++) {
      const pixel = Math.floor(i / p.perPixel) % p.pixels;
      const channel = Math.floor(i / ofSample) * p.perPixel * 4 + (i % p.perPixel) * 4;
      const code = [0, 1, 2, 3].map((component) => codes[(channel + component) * p.pixels + pixel]);
      boxes.set(decodeBox(code, boxAt(anchors, Math.min(i % ofSample, p.anchors - 1))), 4 * i);
    }
  },
  cases: [
    { batch: 1, perPixel: 1, pixels: 1, anchors: 1 },
    { batch: 3, perPixel: 9, pixels: 15, anchors: 117 },
  ],
};
