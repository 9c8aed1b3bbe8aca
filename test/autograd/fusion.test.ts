import assert from "node:assert/strict";
import { test } from "node:test";
import { elementCount, type Shape } from "../../kernels/kernel.ts";
import { fuse } from "../../src/autograd/operations/fusion.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { RandomStream } from "../../src/base/random.ts";
import { checkGradients, separatedValues } from "../helpers/gradientCheck.ts";

type Size = readonly [height: number, width: number];

const output: Size = [5, 4];
/** What lies beside an output of 5x4: the same size, a smaller map to upsample, larger ones to pool. */
const sources: Record<string, Size> = { same: [5, 4], upsampled: [3, 2], pooled: [10, 8], pooledOdd: [9, 7] };

const combinations = [
  ["same", "upsampled"],
  ["same", "pooled"],
  ["pooledOdd", "upsampled"],
  ["same", "same", "pooled"],
  ["same", "pooledOdd", "upsampled"],
  ["upsampled", "pooled", "same"],
];

function checkFusion(
  names: readonly string[],
  weights: readonly number[],
  padding: "symmetric" | "same",
  normalized: boolean,
  activation: "none" | "swish" = "swish",
): void {
  const maps = names.map((name): [string, Shape] => [name, [2, 2, ...sources[name]]]);
  const inputs = Object.fromEntries(maps.map(([, shape], index) => [`x${index}`, shape]));
  const values = Object.fromEntries(
    maps.map(([name, shape], index) => [
      `x${index}`,
      separatedValues(elementCount(shape), `${name} ${index}`),
    ]),
  );
  checkGradients({
    name: "fuse",
    inputs: { ...inputs, weights: [weights.length] },
    values: { ...values, weights },
    build: (tape, { weights: edges, ...rest }) =>
      fuse(tape, Object.values(rest), edges, {
        height: output[0],
        width: output[1],
        padding,
        normalized,
        activation,
      }),
  });
}

for (const names of combinations)
  for (const padding of ["symmetric", "same"] as const)
    for (const normalized of [true, false])
      test(`fuse gradients of ${names.join(", ")}; ${padding}, ${normalized ? "normalized" : "sum"}`, () =>
        checkFusion(names, [0.75, 1.25, 0.5].slice(0, names.length), padding, normalized));

test("fuse gradients where a weight is negative", () => {
  checkFusion(["same", "upsampled"], [-0.5, 1.25], "symmetric", true);
  checkFusion(["same", "same", "pooled"], [0.75, 1.25, -0.25], "same", true);
  checkFusion(["same", "pooled", "upsampled"], [0.75, -1.25, 0.25], "symmetric", false);
  checkFusion(["same", "pooled"], [-0.75, -1.25], "symmetric", true, "none");
});

test("fuse gradients of one map used twice", () =>
  checkGradients({
    name: "fuse twice",
    inputs: { x: [1, 2, 5, 4], weights: [2] },
    values: { weights: [0.75, 1.25] },
    build: (tape, { x, weights }) =>
      fuse(tape, [x, x], weights, { height: 5, width: 4, padding: "same", normalized: true }),
  }));

test("fuse gradient of the weights over more than one chunk of the sum", () => {
  const stream = new RandomStream(7, "fuse chunks");
  const shape = [2, 8, 12, 12];
  const map = () => Float32Array.from({ length: elementCount(shape) }, () => stream.nextUniform(-1, 1));
  const maps = [map(), map(), map()];
  checkGradients({
    name: "fuse weights",
    inputs: { weights: [3] },
    values: { weights: [0.75, -0.25, 1.25] },
    build: (tape, { weights }) =>
      fuse(
        tape,
        maps.map((data, index) => tape.constant(`map ${index}`, shape, data)),
        weights,
        { height: 12, width: 12, padding: "same", normalized: true, activation: "swish" },
      ),
  });
});

test("fuse gradient of a map that two nodes pool and others use", () =>
  checkGradients({
    name: "fuse shared",
    inputs: { x: [1, 2, 10, 8] },
    values: { x: separatedValues(160, "fuse shared") },
    build(tape, { x }) {
      const one = tape.constant("one weight", [1], new Float32Array([0.5]));
      const options = {
        height: 5,
        width: 4,
        padding: "symmetric",
        normalized: true,
        activation: "swish",
      } as const;
      const pooled = [0, 1].map(() => fuse(tape, [x], one, options));
      const whole = fuse(
        tape,
        [x, x, pooled[0]],
        tape.constant("three", [3], new Float32Array([0.5, 1, 2])),
        {
          ...options,
          height: 10,
          width: 8,
        },
      );
      return fuse(tape, [pooled[1], whole], tape.constant("two", [2], new Float32Array([0.5, 1])), options);
    },
  }));

test("fuse upsamples inputs of one size only", () => {
  const tape = new Tape();
  const maps = [
    [5, 4],
    [3, 2],
    [2, 2],
  ].map(([height, width], index) => tape.input(`x${index}`, [1, 2, height, width]));
  const weights = tape.input("weights", [3]);
  assert.throws(
    () => fuse(tape, maps, weights, { height: 5, width: 4, padding: "same", normalized: true }),
    /^Error: fuse: inputs of 3x2 and 2x2 to upsample, one size there can be$/,
  );
});
