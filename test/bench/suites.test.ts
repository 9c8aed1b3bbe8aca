import assert from "node:assert/strict";
import { test } from "node:test";
import { type Occurrence, parseShape, recordSuite, wantedVariants } from "../../bench/suites.ts";
import { type AdapterTraits, describeShape } from "../../kernels/kernel.ts";
import { UserError } from "../../src/base/errors.ts";

test("nano's shapes hold every convolution and its gradients, each shape once", () => {
  const shapes = recordSuite("nano");
  const names = new Set(shapes.map(({ kernel }) => kernel.name));
  for (const name of [
    "conv2d",
    "conv2dGradWeight",
    "depthwiseConv2d",
    "depthwiseConv2dGradInput",
    "depthwiseConv2dGradWeight",
    "pointwiseConv2d",
    "pointwiseConv2dGradWeight",
    "decodeBoxes",
  ])
    assert.ok(names.has(name), name);
  const keys = shapes.map(({ kernel, parameters }) => describeShape(kernel, parameters));
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(shapes.some(({ count }) => count > 1));
  const stem = shapes.find(({ kernel }) => kernel.name === "conv2d");
  assert.deepEqual([stem?.parameters.batch, stem?.parameters.height, stem?.parameters.width], [4, 128, 128]);
});

test("the simulation's shapes are those of a default view, from fields to pictures", () => {
  const shapes = recordSuite("phantom");
  for (const name of [
    "refineField",
    "breastTissue",
    "projectVolume",
    "readOut",
    "filterLines",
    "backProject",
  ])
    assert.ok(
      shapes.some(({ kernel }) => kernel.name === name),
      name,
    );
  const views = shapes
    .filter(({ kernel }) => kernel.name === "projectVolume")
    .map(({ parameters }) => parameters.views);
  assert.deepEqual(views.sort(), [1, 15]);
});

test("d0's stem sees one image of 512x512", () => {
  const stem = recordSuite("d0").find(({ kernel }) => kernel.name === "conv2d");
  assert.deepEqual([stem?.parameters.batch, stem?.parameters.height, stem?.parameters.filters], [1, 512, 32]);
});

test("a shape from the command line", () => {
  const text = "transposed=false, batch=4,inputs=64,outputs=32,pixels=4096";
  const { kernel, parameters } = parseShape("pointwiseConv2d", text);
  assert.equal(
    describeShape(kernel, parameters),
    "pointwiseConv2d batch=4 inputs=64 outputs=32 pixels=4096 transposed=false",
  );
});

const refusals: readonly [kernel: string, shape: string, message: RegExp][] = [
  ["convolution", "batch=1", /^--kernel convolution: must be one of .*pointwiseConv2d/],
  ["copy", "size=4", /^--shape size: copy takes length$/],
  ["copy", "length=many", /^--shape length=many: copy's length is a number$/],
  ["copy", "length", /^--shape length=: copy's length is a number$/],
  ["copy", "length=0", /^--shape length=0: copy's x would be \[0\]$/],
  ["copy", "length=1.5", /^--shape length=1.5: copy's x would be \[1.5\]$/],
  ["multiplyAdd", "length=4", /^--shape: multiplyAdd also takes rounds$/],
  [
    "pointwiseConv2d",
    "batch=1,inputs=1,outputs=1,pixels=1,transposed=1",
    /^--shape transposed=1: pointwiseConv2d's transposed is a boolean$/,
  ],
];

for (const [kernel, shape, message] of refusals)
  test(`refused: --kernel ${kernel} --shape ${shape}`, () => {
    assert.throws(
      () => parseShape(kernel, shape),
      (error: Error) => error instanceof UserError && message.test(error.message),
    );
  });

test("the engine's own choice, or every variant that supports the shape and the adapter runs", () => {
  const shape = parseShape("pointwiseConv2d", "batch=1,inputs=4,outputs=4,pixels=8,transposed=false");
  const odd = parseShape("pointwiseConv2d", "batch=1,inputs=3,outputs=4,pixels=8,transposed=false");
  const names = (shapes: Occurrence[], all: boolean, traits: AdapterTraits) =>
    wantedVariants(shapes, all, traits).map(({ variant, chosen }) => `${variant.name} ${chosen}`);
  const hardware = { software: false, subgroupSize: 32 };
  assert.deepEqual(names([shape, odd], false, hardware), ["shared true", "plain true"]);
  assert.deepEqual(names([shape], true, hardware), [
    "shared true",
    "subgroup false",
    "tiled false",
    "plain false",
  ]);
  assert.deepEqual(names([shape], true, { software: true, subgroupSize: 0 }), [
    "shared false",
    "tiled true",
    "plain false",
  ]);
});
