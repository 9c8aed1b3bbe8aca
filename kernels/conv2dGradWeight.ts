import plain from "../shaders/conv2dGradWeight.plain.wgsl";
import tree from "../shaders/conv2dGradWeight.wgsl";
import {
  type Conv2dParameters,
  conv2dCases,
  conv2dConstants,
  conv2dFlops,
  conv2dShapes,
  forEachProduct,
} from "./conv2d.ts";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

const constants = (p: Conv2dParameters): Record<string, number> => ({
  BATCH: p.batch,
  ...conv2dConstants(p),
});

/** Gradient of conv2d with respect to its weight; kernels up to 3x3. */
export const conv2dGradWeight: Kernel<Conv2dParameters> = {
  name: "conv2dGradWeight",
  bindings(p) {
    const shapes = conv2dShapes(p);
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
      constants,
      workgroups: (p) => [p.channels, p.filters, 1],
      barriers: true,
    },
    serialVariant(plain, constants, (p) => p.kernel * p.filters * p.channels),
  ],
  flops: conv2dFlops,
  reference(p, { x, dy, dw }) {
    dw.fill(0);
    forEachProduct(p, (output, input, tap) => {
      dw[tap] += dy[output] * x[input];
    });
  },
  cases: conv2dCases,
};
