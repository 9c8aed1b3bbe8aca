import body from "../shaders/batchNormMoments.wgsl";
import moments from "../shaders/moments.wgsl";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

/** Planes of pixels: batch · channels of them. */
export type BatchNormMomentsParameters = { planes: number; pixels: number };

/** Mean and sum of squared differences from it of every plane of x [planes, pixels] → [planes, 2]. */
export const batchNormMoments: Kernel<BatchNormMomentsParameters> = {
  name: "batchNormMoments",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.planes, p.pixels] },
    { name: "moments", access: "write", shape: [p.planes, 2] },
  ],
  variants: laneVariants(
    moments + body,
    (p) => ({ PLANES: p.planes, PIXELS: p.pixels }),
    (p) => p.planes,
    (p) => p.pixels,
  ),
  flops: (p) => 6 * p.planes * p.pixels,
  reference(p, { x, moments: results }) {
    for (let plane = 0; plane < p.planes; plane++) {
      const values = x.subarray(plane * p.pixels, (plane + 1) * p.pixels);
      const mean = values.reduce((sum, value) => sum + value, 0) / p.pixels;
      results[2 * plane] = mean;
      results[2 * plane + 1] = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    }
  },
  cases: [
    { planes: 1, pixels: 1 },
    { planes: 7, pixels: 13 },
    { planes: 6, pixels: 211 },
    { planes: 11, pixels: 4099 },
  ],
};
