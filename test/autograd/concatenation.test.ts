import { test } from "node:test";
import { concatChannels } from "../../src/autograd/operations/concatenation.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

test("concatChannels gradients of unequal halves", () =>
  checkGradients({
    name: "concatChannels",
    inputs: { a: [2, 3, 2, 3], b: [2, 5, 2, 3] },
    build: (tape, { a, b }) => concatChannels(tape, a, b),
  }));

test("concatChannels gradients of one tensor with itself", () =>
  checkGradients({
    name: "concatChannels twice",
    inputs: { a: [2, 3, 2, 1] },
    build: (tape, { a }) => concatChannels(tape, a, a),
  }));
