import shader from "../shaders/conv2dGradInput.wgsl";
import {
  type Conv2dParameters,
  conv2dCases,
  conv2dConstants,
  conv2dFlops,
  conv2dShapes,
  forEachProduct,
} from "./conv2d.ts";
import { divideUp, type Kernel } from "./kernel.ts";

/** Gradient of conv2d with respect to x. */
export const conv2dGradInput: Kernel<Conv2dParameters> = {
  name: "conv2dGradInput",
  bindings(p) {
    const shapes = conv2dShapes(p);
    return [
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "dy", access: "read", shape: shapes.y },
      { name: "dx", access: "write", shape: shapes.x },
    ];
  },
  variants: [
    {
      name: "plain",
      shader,
      constants: conv2dConstants,
      workgroups: (p) => [divideUp(p.height * p.width, 64), p.channels, p.batch],
    },
  ],
  flops: conv2dFlops,
  reference(p, { weight, dy, dx }) {
    dx.fill(0);
    forEachProduct(p, (output, input, tap) => {
      dx[input] += weight[tap] * dy[output];
    });
  },
  cases: conv2dCases,
};
