import shader from "../shaders/pyramidDepthwiseConv2dGradWeight.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";
import {
  forEachPyramidTap,
  type PyramidParameters,
  pyramidCases,
  pyramidDepthwiseFlops,
} from "./pyramidDepthwiseConv2d.ts";

/** Few invocations, so that a small batch of few channels still keeps every core of a CPU busy. */
const workgroup = 8;

function constants({ batch, channels, pixels, ...levels }: PyramidParameters): Record<string, number> {
  const sizes = Object.entries(levels).map(([name, value]) => [name.toUpperCase(), value]);
  return { PLANES: batch * channels, PIXELS: pixels, ...Object.fromEntries(sizes), WORKGROUP: workgroup };
}

/** Gradient of pyramidDepthwiseConv2d with respect to its weight, a partial sum a sample. */
export const pyramidDepthwiseConv2dGradWeight: Kernel<PyramidParameters> = {
  name: "pyramidDepthwiseConv2dGradWeight",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "dy", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "partial", access: "write", shape: [p.batch, p.channels, 1, 3, 3] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants,
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.channels, workgroup)),
    },
  ],
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
