import { test } from "node:test";
import { sigmoid } from "../../src/autograd/operations/activation.ts";
import { globalAveragePool, scaleChannels } from "../../src/autograd/operations/squeezeExcite.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

test("globalAveragePool gradients", () =>
  checkGradients({
    name: "globalAveragePool",
    inputs: { x: [2, 3, 4, 5] },
    build: (tape, { x }) => globalAveragePool(tape, x),
  }));

test("scaleChannels gradients", () =>
  checkGradients({
    name: "scaleChannels",
    inputs: { x: [2, 3, 4, 5], gate: [2, 3, 1, 1] },
    build: (tape, { x, gate }) => scaleChannels(tape, x, gate),
  }));

test("gradients of a map scaled by a gate made from itself", () =>
  checkGradients({
    name: "squeeze-and-excite",
    inputs: { x: [2, 3, 3, 5] },
    build: (tape, { x }) => scaleChannels(tape, x, sigmoid(tape, globalAveragePool(tape, x))),
  }));
