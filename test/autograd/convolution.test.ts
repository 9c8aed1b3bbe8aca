import { test } from "node:test";
import { conv2d, depthwiseConv2d, pointwiseConv2d } from "../../src/autograd/operations/convolution.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

for (const padding of ["symmetric", "same"] as const)
  for (const kernel of [3, 5])
    for (const stride of [1, 2])
      test(`depthwiseConv2d gradients, ${kernel}x${kernel} stride ${stride} ${padding}`, () =>
        checkGradients({
          name: "depthwiseConv2d",
          inputs: { x: [2, 3, 6, 7], weight: [3, 1, kernel, kernel] },
          build: (tape, { x, weight }) => depthwiseConv2d(tape, x, weight, { stride, padding }),
        }));

for (const padding of ["symmetric", "same"] as const)
  test(`conv2d gradients, 3x3 stride 2 ${padding}`, () =>
    checkGradients({
      name: "conv2d",
      inputs: { x: [2, 3, 6, 7], weight: [4, 3, 3, 3] },
      build: (tape, { x, weight }) => conv2d(tape, x, weight, { stride: 2, padding }),
    }));

for (const size of [
  [1, 1],
  [3, 5],
  [12, 12],
])
  test(`pointwiseConv2d gradients with bias at ${size.join("x")}`, () =>
    checkGradients({
      name: "pointwiseConv2d",
      inputs: { x: [2, 3, ...size], weight: [5, 3, 1, 1], bias: [5] },
      build: (tape, { x, weight, bias }) => pointwiseConv2d(tape, x, weight, bias),
    }));

test("pointwiseConv2d gradients without bias", () =>
  checkGradients({
    name: "pointwiseConv2d without bias",
    inputs: { x: [1, 4, 2, 2], weight: [4, 4, 1, 1] },
    build: (tape, { x, weight }) => pointwiseConv2d(tape, x, weight),
  }));
