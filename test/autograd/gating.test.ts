import { test } from "node:test";
import { gatedSum } from "../../src/autograd/operations/gating.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

test("gatedSum gradients, from gates that are open, half open and shut", () =>
  checkGradients({
    name: "gatedSum",
    inputs: { a: [7], b: [7], gate: [7] },
    values: { gate: [-30, -3, -0.5, 0, 0.4, 2, 30] },
    build: (tape, { a, b, gate }) => gatedSum(tape, a, b, gate),
  }));

test("gatedSum gradients of one tensor in every place", () =>
  checkGradients({
    name: "gatedSum of one",
    inputs: { a: [5] },
    build: (tape, { a }) => gatedSum(tape, a, a, a),
  }));
