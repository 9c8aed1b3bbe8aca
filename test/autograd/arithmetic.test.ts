import { test } from "node:test";
import { add, scale } from "../../src/autograd/operations/arithmetic.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

test("add gradients, with weights and a tensor used twice", () =>
  checkGradients({
    name: "add",
    inputs: { a: [2, 3], b: [2, 3] },
    build: (tape, { a, b }) => add(tape, add(tape, a, b, 0.5, -2), a),
  }));

test("scale gradients", () =>
  checkGradients({ name: "scale", inputs: { x: [7] }, build: (tape, { x }) => scale(tape, x, 3) }));
