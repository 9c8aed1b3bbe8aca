import { test } from "node:test";
import { maxPool2d, upsampleNearest } from "../../src/autograd/operations/pooling.ts";
import { checkGradients, separatedValues } from "../helpers/gradientCheck.ts";

for (const padding of ["symmetric", "same"] as const)
  for (const [height, width] of [
    [1, 1],
    [2, 3],
    [7, 4],
    [8, 6],
  ])
    test(`maxPool2d gradients at ${height}x${width} ${padding}`, () =>
      checkGradients({
        name: "maxPool2d",
        inputs: { x: [2, 2, height, width] },
        values: { x: separatedValues(4 * height * width, "maxPool2d") },
        build: (tape, { x }) => maxPool2d(tape, x, padding),
      }));

for (const [from, to] of [
  [
    [1, 1],
    [2, 2],
  ],
  [
    [2, 3],
    [3, 5],
  ],
  [
    [4, 6],
    [7, 11],
  ],
])
  test(`upsampleNearest gradients from ${from.join("x")} to ${to.join("x")}`, () =>
    checkGradients({
      name: "upsampleNearest",
      inputs: { x: [2, 2, ...from] },
      build: (tape, { x }) => upsampleNearest(tape, x, to[0], to[1]),
    }));
