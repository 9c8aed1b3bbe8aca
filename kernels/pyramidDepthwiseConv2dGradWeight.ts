import columns from "../shaders/columns.wgsl";
import strip from "../shaders/depthwiseGradStrip.wgsl";
import work from "../shaders/pyramidDepthwiseConv2dGradWeight.wgsl";
import pyramid from "../shaders/pyramidStrips.wgsl";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";
import {
  forEachPyramidTap,
  type PyramidParameters,
  pyramidCases,
  pyramidConstants,
  pyramidDepthwiseFlops,
  pyramidStrips,
} from "./pyramidDepthwiseConv2d.ts";

/** Gradient of pyramidDepthwiseConv2d with respect to its weight, a partial sum a sample. */
export const pyramidDepthwiseConv2dGradWeight: Kernel<PyramidParameters> = {
  name: "pyramidDepthwiseConv2dGradWeight",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "dy", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "partial", access: "write", shape: [p.batch, p.channels, 1, 3, 3] },
  ],
  // Without subgroups: software is faster where a lane has a plane of its own, and none waits for another's larger level.
  variants: laneVariants<PyramidParameters>(
    columns + strip + pyramid + work,
    (p) => ({ ...pyramidConstants(p, 4), KERNEL: 3, STRIDE: 1 }),
    (p) => p.batch * p.channels,
    (p) => pyramidStrips(p, 4),
  ).filter(({ subgroups }) => !subgroups),
  flops: pyramidDepthwiseFlops,
  reference(p, { x, dy, partial }) {
    partial.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const image = x.subarray(plane * p.pixels);
      const gradient = dy.subarray(plane * p.pixels);
      forEachPyramidTap(p, (output, input, tap) => {
        partial[9 * plane + tap] += gradient[output] * image[input];
      });
    }
  },
  cases: pyramidCases,
};
