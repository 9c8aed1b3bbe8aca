import tree from "../shaders/depthwiseConv2dGradWeight.tree.wgsl";
import row from "../shaders/depthwiseConv2dGradWeight.wgsl";
import {
  type DepthwiseConv2dParameters,
  depthwiseCases,
  depthwiseConstants,
  depthwiseFlops,
  depthwiseShapes,
} from "./depthwiseConv2d.ts";
import { forEachTap } from "./geometry.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

const rowWorkgroup = 8;

/** Gradient of depthwiseConv2d with respect to its weight; kernels of 3x3 and 5x5, stride 1 and 2. */
export const depthwiseConv2dGradWeight: Kernel<DepthwiseConv2dParameters> = {
  name: "depthwiseConv2dGradWeight",
  bindings(p) {
    const shapes = depthwiseShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "dy", access: "read", shape: shapes.y },
      { name: "dw", access: "write", shape: shapes.weight },
    ];
  },
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: (p) => ({ BATCH: p.batch, ...depthwiseConstants(p) }),
      workgroups: (p) => [p.channels, 1, 1],
      barriers: true,
    },
    {
      name: "row",
      shader: row,
      constants: (p) => ({ BATCH: p.batch, ...depthwiseConstants(p), WORKGROUP: rowWorkgroup }),
      workgroups: (p) => linearWorkgroups(divideUp(p.channels * p.kernel, rowWorkgroup)),
    },
  ],
  flops: depthwiseFlops,
  reference(p, { x, dy, dw }) {
    dw.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const target = dw.subarray((plane % p.channels) * p.kernel ** 2);
      const image = x.subarray(plane * p.height * p.width);
      const gradient = dy.subarray(plane * p.outHeight * p.outWidth);
      forEachTap(p, (output, input, tap) => {
        target[tap] += gradient[output] * image[input];
      });
    }
  },
  cases: depthwiseCases,
};
