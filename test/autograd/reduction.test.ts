import { test } from "node:test";
import { sumLeading } from "../../src/autograd/operations/reduction.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

for (const shape of [[5], [1, 4], [3, 2, 4]])
  test(`sumLeading gradients of [${shape}]`, () =>
    checkGradients({
      name: "sumLeading",
      inputs: { x: shape },
      build: (tape, { x }) => sumLeading(tape, x),
    }));
