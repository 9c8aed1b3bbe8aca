import type { Command } from "commander";
import type { Kernel } from "../../kernels/kernel.ts";
import { pointwiseConv2d } from "../../kernels/pointwiseConv2d.ts";
import { reasonOf } from "../base/errors.ts";
import { dawnVersion, describeAdapter, installAdvice, listAdapterKinds } from "../engine/adapter.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { checkKernel, compileKernel } from "../engine/kernelProgram.ts";
import { timerQuantum } from "../engine/timer.ts";

/** Limits that decide what fits and how kernels are launched. */
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Runs a pointwise convolution on the adapter. @returns its largest error against the float64 reference. */
async function checkedKernel(engine: Engine): Promise<number> {
  const kernel = pointwiseConv2d as unknown as Kernel;
  const parameters = { batch: 1, inputs: 8, outputs: 12, pixels: 20, transposed: false };
  const variant = engine.pipelines.choose(kernel, parameters);
  const { error } = await checkKernel(await compileKernel(engine, kernel, variant, parameters));
  return error;
}

async function examine(engine: Engine): Promise<boolean> {
  const { adapter } = engine;
  console.log(`${adapter.kind}: ${describeAdapter(adapter)}`);
  console.log(`  vendor ${adapter.vendor || "unknown"}, architecture ${adapter.architecture || "unknown"}`);
  console.log(`  features: ${adapter.features.join(", ")}`);
  for (const name of limits) console.log(`  ${name} ${engine.limits[name].toLocaleString("en")}`);
  const quantum = await timerQuantum(engine);
  console.log(`  timer quantum: ${quantum === undefined ? "no timestamps" : `${quantum} ns`}`);
  const error = await checkedKernel(engine);
  const right = error < 1e-5;
  console.log(
    `  pointwiseConv2d against float64: largest error ${error.toExponential(1)}, ${right ? "right" : "WRONG"}`,
  );
  return right;
}

async function doctor(): Promise<void> {
  console.log(`Node ${process.version}, Dawn webgpu ${dawnVersion}, ${process.platform} ${process.arch}`);
  const kinds = await listAdapterKinds();
  if (kinds.length === 0) console.log(`no adapter found: ${installAdvice()}`);
  let healthy = kinds.length > 0;
  for (const kind of kinds)
    try {
      healthy = (await withEngine({ adapter: kind, tuning: "off" }, examine)) && healthy;
    } catch (error) {
      console.log(`${kind}: ${reasonOf(error)}`);
      healthy = false;
    }
  if (!healthy) process.exitCode = 1;
}

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("show adapters, driver, limits and timer, and run one checked kernel on each")
    .action(doctor);
}
