import { test } from "node:test";
import { packLevels, pyramidDepthwiseConv2d, unpackLevels } from "../../src/autograd/operations/pyramid.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const sizes = [
  [3, 5],
  [2, 3],
  [1, 1],
] as const;
const inputs = { p3: [2, 2, 3, 5], p4: [2, 2, 2, 3], p5: [2, 2, 1, 1] };

test("packLevels gradients, with filling at the end", () =>
  checkGradients({
    name: "packLevels",
    inputs,
    build: (tape, { p3, p4, p5 }) => packLevels(tape, [p3, p4, p5]),
  }));

test("unpackLevels gradients", () =>
  checkGradients({
    name: "unpackLevels",
    inputs: { x: [2, 2, 1, 24] },
    build: (tape, { x }) => unpackLevels(tape, x, sizes)[1],
  }));

test("pyramidDepthwiseConv2d gradients", () =>
  checkGradients({
    name: "pyramidDepthwiseConv2d",
    inputs: { ...inputs, weight: [2, 1, 3, 3] },
    build: (tape, { weight, p3, p4, p5 }) =>
      pyramidDepthwiseConv2d(tape, packLevels(tape, [p3, p4, p5]), weight, sizes),
  }));
