// Every variant and tuning of every kernel: its WGSL on the adapter against its float64 reference, outputs poisoned with NaN.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Choice,
  canRun,
  chooseVariant,
  describeChoice,
  type Kernel,
  type Parameters,
  tuningsOf,
} from "../../kernels/kernel.ts";
import { pointwiseConv2d } from "../../kernels/pointwiseConv2d.ts";
import { pointwiseConv2dGradWeight } from "../../kernels/pointwiseConv2dGradWeight.ts";
import { registry } from "../../kernels/registry.ts";
import { packageRoot } from "../../src/base/files.ts";
import { checkKernel, compileKernel } from "../../src/engine/kernelProgram.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const describe = (parameters: Parameters): string => JSON.stringify(parameters).replace(/"/g, "");

const choicesOf = (kernel: Kernel): Choice[] =>
  kernel.variants.flatMap((variant) => tuningsOf(variant).map((tuning) => ({ variant, tuning })));

for (const kernel of registry)
  for (const choice of choicesOf(kernel))
    for (const parameters of kernel.cases) {
      const { variant } = choice;
      if (!(variant.supports?.(parameters) ?? true)) continue;
      test(`${kernel.name}/${describeChoice(choice)} ${describe(parameters)}`, async (t) => {
        if (!canRun(variant, engine.current.traits))
          return t.skip("the adapter has no subgroups of one size");
        const compiled = await compileKernel(engine.current, kernel, choice, parameters);
        const { where, actual, expected, toleranceShare } = await checkKernel(compiled);
        compiled.program.release();
        assert.ok(toleranceShare <= 1, `${where}: got ${actual}, expected ${expected}`);
      });
    }

test("every kernel has its record and shader under its own name, and names are unique", () => {
  // A convolution and the batch norm after it are the convolution's shader.
  const shaderOf = (name: string) => (name.endsWith("2dBatchNorm") ? name.replace("BatchNorm", "") : name);
  const names = registry.map((kernel) => kernel.name);
  assert.equal(new Set(names).size, names.length);
  for (const { name } of registry) {
    assert.ok(existsSync(join(packageRoot(), "kernels", `${name}.ts`)), `kernels/${name}.ts`);
    const shader = `${shaderOf(name)}.wgsl`;
    assert.ok(existsSync(join(packageRoot(), "shaders", shader)), `shaders/${shader}`);
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
    assert.ok(!kernel.variants.at(-1)!.subgroups, `${kernel.name}: subgroups in its last variant`);
  }
});

test("hardware multiplies matrices from workgroup memory wherever pixels come in fours", () => {
  const hardware = { software: false, subgroupSize: 32 };
  for (const kernel of [pointwiseConv2d, pointwiseConv2dGradWeight] as unknown as Kernel[]) {
    const shared = kernel.variants.find(({ name }) => name === "shared")!;
    const cases = kernel.cases.filter((parameters) => shared.supports!(parameters));
    assert.ok(cases.length > 5);
    for (const parameters of cases)
      assert.equal(chooseVariant(kernel, parameters, hardware), shared, describe(parameters));
  }
});
