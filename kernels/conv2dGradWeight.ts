import columns from "../shaders/columns.wgsl";
import plain from "../shaders/conv2dGradWeight.plain.wgsl";
import strip from "../shaders/conv2dGradWeight.strip.wgsl";
import tree from "../shaders/conv2dGradWeight.wgsl";
import {
  type Conv2dParameters,
  conv2dCases,
  conv2dConstants,
  conv2dFlops,
  conv2dShapes,
  forEachProduct,
} from "./conv2d.ts";
import { type RowSplits, splitRows } from "./geometry.ts";
import { divideUp, type Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type Conv2dGradWeightParameters = Conv2dParameters & RowSplits;

const constants = (p: Conv2dGradWeightParameters): Record<string, number> => ({
  BATCH: p.batch,
  ...conv2dConstants(p),
  ROWS: p.rows,
});

const stripWorkgroup = 8;

/** Partial sums of conv2d's gradient with respect to its weight; kernels up to 3x3. */
export const conv2dGradWeight: Kernel<Conv2dGradWeightParameters> = {
  name: "conv2dGradWeight",
  bindings(p) {
    const shapes = conv2dShapes(p);
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
      workgroups: (p) => [p.channels, p.filters, p.splits],
      barriers: true,
    },
    {
      name: "strip",
      shader: columns + strip,
      constants(p) {
        const { KERNEL, ...others } = constants(p);
        return { ...others, WORKGROUP: stripWorkgroup };
      },
      workgroups: (p) => [divideUp(p.filters, stripWorkgroup), p.channels, p.splits],
      supports: (p) => p.kernel === 3 && (p.stride === 1 || p.stride === 2),
    },
    serialVariant(
      plain,
      (p) => ({ ...constants(p), SPLITS: p.splits }),
      (p) => p.splits * p.kernel * p.filters * p.channels,
    ),
  ],
  flops: conv2dFlops,
  reference(p, { x, dy, partial }) {
    partial.fill(0);
    const plane = p.outHeight * p.outWidth;
    const weights = p.filters * p.channels * p.kernel ** 2;
    forEachProduct(p, (output, input, tap) => {
      const sample = Math.floor(output / plane / p.filters);
      const row = sample * p.outHeight + Math.floor((output % plane) / p.outWidth);
      partial[Math.floor(row / p.rows) * weights + tap] += dy[output] * x[input];
    });
  },
  cases: conv2dCases.flatMap((p) => [
    { ...p, ...splitRows(p, p.filters * p.channels) },
    { ...p, splits: divideUp(p.batch * p.outHeight, 5), rows: 5 },
  ]),
};
