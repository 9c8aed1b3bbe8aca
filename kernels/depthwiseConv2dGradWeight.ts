import columns from "../shaders/columns.wgsl";
import tree from "../shaders/depthwiseConv2dGradWeight.tree.wgsl";
import whole from "../shaders/depthwiseConv2dGradWeight.wgsl";
import strip from "../shaders/depthwiseGradStrip.wgsl";
import {
  type DepthwiseConv2dParameters,
  depthwiseCases,
  depthwiseConstants,
  depthwiseFlops,
  depthwiseShapes,
} from "./depthwiseConv2d.ts";
import { forEachTap, type RowSplits, splitRows } from "./geometry.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type DepthwiseConv2dGradWeightParameters = DepthwiseConv2dParameters & RowSplits;

const stripWorkgroup = 8;

const constants = (p: DepthwiseConv2dGradWeightParameters): Record<string, number> => ({
  BATCH: p.batch,
  ...depthwiseConstants(p),
  ROWS: p.rows,
});

/** Partial sums of depthwiseConv2d's gradient with respect to its weight; kernels of 3x3 and 5x5, stride 1 and 2. */
export const depthwiseConv2dGradWeight: Kernel<DepthwiseConv2dGradWeightParameters> = {
  name: "depthwiseConv2dGradWeight",
  bindings(p) {
    const shapes = depthwiseShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "dy", access: "read", shape: shapes.y },
      { name: "partial", access: "write", shape: [p.splits, ...shapes.weight] },
    ];
  },
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: (p) => [p.channels, p.splits, 1],
      barriers: true,
    },
    {
      name: "strip",
      shader: columns + strip + whole,
      constants: (p) => ({ ...constants(p), SPLITS: p.splits, WORKGROUP: stripWorkgroup }),
      workgroups: (p) => linearWorkgroups(divideUp(p.splits * p.channels, stripWorkgroup)),
    },
  ],
  flops: depthwiseFlops,
  reference(p, { x, dy, partial }) {
    partial.fill(0);
    const plane = { input: p.height * p.width, output: p.outHeight * p.outWidth };
    for (let k = 0; k < p.batch * p.channels; k++) {
      const [sample, channel] = [Math.floor(k / p.channels), k % p.channels];
      const image = x.subarray(k * plane.input);
      const gradient = dy.subarray(k * plane.output);
      forEachTap(p, (output, input, tap) => {
        const row = sample * p.outHeight + Math.floor(output / p.outWidth);
        const target = (Math.floor(row / p.rows) * p.channels + channel) * p.kernel ** 2;
        partial[target + tap] += gradient[output] * image[input];
      });
    }
  },
  cases: depthwiseCases.flatMap((p) => [
    { ...p, ...splitRows(p, p.channels) },
    { ...p, splits: divideUp(p.batch * p.outHeight, 5), rows: 5 },
  ]),
};
