import { test } from "node:test";
import { sigmoid, swish } from "../../src/autograd/operations/activation.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

const values = { x: [-30, -6, -1.5, -0.1, 0, 0.2, 1, 2.5, 7, 30] };

test("sigmoid gradients", () =>
  checkGradients({
    name: "sigmoid",
    inputs: { x: [10] },
    values,
    build: (tape, { x }) => sigmoid(tape, x),
  }));

test("swish gradients", () =>
  checkGradients({ name: "swish", inputs: { x: [10] }, values, build: (tape, { x }) => swish(tape, x) }));
