// Every variant of every kernel: its WGSL on the adapter against its float64 reference, outputs poisoned with NaN.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Binding,
  type Buffers,
  elementCount,
  type Kernel,
  type Parameters,
} from "../../kernels/kernel.ts";
import { registry } from "../../kernels/registry.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { packageRoot } from "../../src/base/files.ts";
import { RandomStream } from "../../src/base/random.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { compile } from "../../src/engine/program.ts";
import { assertClose } from "../helpers/compare.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const defaultTolerance = { absolute: 1e-5, relative: 1e-5 };

/** Uniform in ±1 and at least 1/64 away from 0, exact in float32. */
function uniformSource(name: string): () => number {
  const stream = new RandomStream(1, name);
  return () => {
    const value = stream.nextUniform(-1, 1);
    return value + Math.sign(value || 1) / 64;
  };
}

function makeInputs(kernel: Kernel, parameters: Parameters, bindings: readonly Binding[]): Buffers {
  const uniform = uniformSource(`${kernel.name} ${JSON.stringify(parameters)}`);
  const given = kernel.testInputs?.(parameters, uniform) ?? {};
  const buffers: Buffers = {};
  for (const { name, access, shape } of bindings) {
    const count = elementCount(shape);
    const values =
      access === "write" ? new Float64Array(count).fill(NaN) : Float64Array.from({ length: count }, uniform);
    buffers[name] = Float64Array.from(given[name] ?? values, Math.fround);
  }
  return buffers;
}

function toHost(values: Float64Array, dtype: Binding["dtype"]) {
  if (dtype === "i32") return Int32Array.from(values);
  return dtype === "u32" ? Uint32Array.from(values) : Float32Array.from(values);
}

/** Runs one variant on the adapter, every binding being a host tensor. */
async function runVariant(
  on: Engine,
  kernel: Kernel,
  parameters: Parameters,
  inputs: Buffers,
): Promise<Buffers> {
  const tape = new Tape();
  const bindings = kernel.bindings(parameters);
  const tensors = Object.fromEntries(
    bindings.map(({ name, shape, dtype }) => [name, tape.input(name, shape, dtype)]),
  );
  const outputs = tape.apply(kernel, parameters, tensors);
  const program = await compile(on, kernel.name, tape, outputs);
  const host = Object.fromEntries(bindings.map(({ name, dtype }) => [name, toHost(inputs[name], dtype)]));
  const results = await program.run(host);
  program.release();
  return Object.fromEntries(
    bindings
      .filter(({ access }) => access !== "read")
      .map(({ name, dtype = "f32" }) => {
        const bytes = results[name];
        const typed = dtype === "f32" ? bytes : new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length);
        return [name, Float64Array.from(typed)];
      }),
  );
}

const describe = (parameters: Parameters): string => JSON.stringify(parameters).replace(/"/g, "");

for (const kernel of registry)
  for (const variant of kernel.variants)
    for (const parameters of kernel.cases) {
      if (!(variant.supports?.(parameters) ?? true)) continue;
      test(`${kernel.name}/${variant.name} ${describe(parameters)}`, async (context) => {
        if (variant.requires && !engine.current.device.features.has(variant.requires))
          return context.skip(`the adapter has no ${variant.requires}`);
        const bindings = kernel.bindings(parameters);
        const inputs = makeInputs(kernel, parameters, bindings);
        // Software adapters pass over variants with barriers, but are to test them.
        const single = { ...kernel, variants: [{ ...variant, barriers: false }] };
        const actual = await runVariant(engine.current, single, parameters, inputs);
        const expected = Object.fromEntries(
          Object.entries(inputs).map(([name, values]) => [name, values.slice()]),
        );
        kernel.reference(parameters, expected);
        for (const name of Object.keys(actual))
          assertClose(
            actual[name],
            expected[name],
            kernel.tolerance ?? defaultTolerance,
            `${kernel.name}.${name}`,
          );
      });
    }

test("every kernel has its record and shader under its own name, and names are unique", () => {
  const names = registry.map((kernel) => kernel.name);
  assert.equal(new Set(names).size, names.length);
  for (const { name } of registry) {
    assert.ok(existsSync(join(packageRoot(), "kernels", `${name}.ts`)), `kernels/${name}.ts`);
    assert.ok(existsSync(join(packageRoot(), "shaders", `${name}.wgsl`)), `shaders/${name}.wgsl`);
  }
});

test("every kernel's last variant supports every case", () => {
  for (const kernel of registry)
    for (const parameters of kernel.cases)
      assert.ok(
        kernel.variants.at(-1)!.supports?.(parameters) ?? true,
        `${kernel.name} ${describe(parameters)}`,
      );
});

test("a variant says that it has barriers exactly when its shader has, and no last variant does", () => {
  for (const kernel of registry) {
    for (const { name, shader, barriers } of kernel.variants)
      assert.equal(barriers ?? false, shader.includes("workgroupBarrier"), `${kernel.name}/${name}`);
    assert.ok(!kernel.variants.at(-1)!.barriers, `${kernel.name}: barriers in its last variant`);
    assert.ok(!kernel.variants.at(-1)!.requires, `${kernel.name}: its last variant needs a feature`);
  }
});
