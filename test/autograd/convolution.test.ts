import { test } from "node:test";
import { depthwiseConv2d } from "../../src/autograd/operations/convolution.ts";
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
