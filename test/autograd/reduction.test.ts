import { test } from "node:test";
import { sumLeading, sumParts } from "../../src/autograd/operations/reduction.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

for (const shape of [[5], [1, 4], [3, 2, 4]])
  test(`sumLeading gradients of [${shape}]`, () =>
    checkGradients({
      name: "sumLeading",
      inputs: { x: shape },
      build: (tape, { x }) => sumLeading(tape, x),
    }));

test("sumParts gradients of whole tensors and partial sums, one of them used twice", () =>
  checkGradients({
    name: "sumParts",
    inputs: { a: [2, 3], b: [5, 2, 3], c: [1, 2, 3] },
    build: (tape, { a, b, c }) => sumParts(tape, [a, b, c, a], [2, 3]),
  }));
