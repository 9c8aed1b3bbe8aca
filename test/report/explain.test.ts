import assert from "node:assert/strict";
import { test } from "node:test";
import { canRun, chooseVariant, untuned } from "../../kernels/kernel.ts";
import { pointwiseConv2d } from "../../kernels/pointwiseConv2d.ts";
import { registry } from "../../kernels/registry.ts";
import { pointwiseConv2d as record } from "../../src/autograd/operations/convolution.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { explainKernel, heaviestShape, specializedShader } from "../../src/report/explain.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

test("every variant's specialised shader is WGSL that needs no more values", async () => {
  const { device, traits } = engine.current;
  for (const kernel of registry)
    for (const variant of kernel.variants.filter((each) => canRun(each, traits))) {
      const parameters = kernel.cases.find((each) => variant.supports?.(each) ?? true)!;
      const code = specializedShader(kernel, untuned(variant), parameters, traits);
      assert.doesNotMatch(code, /^override/m);
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      const errors = messages.filter(({ type }) => type === "error").map(({ message }) => message);
      assert.deepEqual(errors, [], `${kernel.name}/${variant.name}`);
    }
  engine.current.check();
});

const software = { software: true, subgroupSize: 0 };
const hardware = { software: false, subgroupSize: 32 };
const [, , , tiledShape] = pointwiseConv2d.cases;

test("an explanation has geometry, cost, the values of overrides and sizes, and why each variant is passed over", () => {
  const kernel = registry.find(({ name }) => name === "pointwiseConv2d")!;
  const named = (name: string) => kernel.variants.find((variant) => variant.name === name)!;
  const [tiled, plain] = [named("tiled"), named("plain")];
  const text = explainKernel(kernel, tiledShape, untuned(tiled), software);
  assert.match(text, /^pointwiseConv2d: batch 2, inputs 8, outputs 12, pixels 20$/m);
  assert.match(text, /^ {2}weight: read f32 \[12, 8\]$/m);
  assert.match(text, /^ {2}7,680 FLOP, 1,712 bytes read, 1,920 written: 2\.115 FLOP a byte$/m);
  assert.match(text, /^ {2}tiled: taken\n {4}1 x 1 x 1 workgroups of 64 invocations: 64 invocations$/m);
  assert.match(text, /^ {2}plain: passed over: a faster one comes first\n {4}8 x 1 x 1 workgroups/m);
  assert.match(text, /^const TRANSPOSED: bool = false;$/m);
  assert.match(text, /^ {2}OUT: u32, \/\* 12 \*\/$/m);
  const odd = { ...tiledShape, pixels: 13 };
  assert.match(
    explainKernel(kernel, odd, untuned(plain), software),
    /^ {2}tiled: passed over: it does not support this shape\n {2}plain: taken$/m,
  );
  assert.match(
    explainKernel(kernel, tiledShape, untuned(plain), software),
    /tiled: passed over: another was measured to be faster here/,
  );
});

test("a variant with barriers is passed over on software, and taken on hardware", () => {
  const kernel = registry.find(({ variants }) => variants[0].barriers)!;
  const [fast] = kernel.variants;
  const parameters = kernel.cases.find((each) => fast.supports?.(each) ?? true)!;
  const plain = kernel.variants[kernel.variants.length - 1];
  assert.match(
    explainKernel(kernel, parameters, untuned(plain), software),
    /passed over: it synchronises workgroups/,
  );
  assert.match(
    explainKernel(kernel, parameters, untuned(fast), hardware),
    new RegExp(`^ {2}${fast.name}: taken$`, "m"),
  );
});

test("on every kind of adapter, the engine's own choice is explained without a measurement", () => {
  for (const traits of [software, { software: true, subgroupSize: 4 }, hardware])
    for (const kernel of registry)
      for (const parameters of kernel.cases) {
        const chosen = chooseVariant(kernel, parameters, traits);
        const text = explainKernel(kernel, parameters, untuned(chosen), traits);
        assert.ok(text.includes(`\n  ${chosen.name}: taken\n`));
        assert.equal(text.match(/^ {2}\w+: passed over: /gm)?.length ?? 0, kernel.variants.length - 1);
        assert.doesNotMatch(text, /measured/, `${kernel.name} ${JSON.stringify(parameters)}`);
      }
});

test("the heaviest shape of a kernel in a program is the one that does and moves most", () => {
  const tape = new Tape();
  const layer = (inputs: number, outputs: number, side: number) =>
    record(tape, tape.input("x", [1, inputs, side, side]), tape.input("w", [outputs, inputs, 1, 1]));
  for (const size of [4, 16, 16, 8]) layer(8, 8, size);
  const kernel = registry.find(({ name }) => name === "pointwiseConv2d")!;
  const found = heaviestShape(kernel, tape.operations);
  assert.equal(found?.parameters.pixels, 256);
  assert.deepEqual([found.dispatches, found.ofKernel, found.shapes], [2, 4, 3]);
  assert.equal(heaviestShape(registry.find(({ name }) => name === "copy")!, tape.operations), undefined);
});
