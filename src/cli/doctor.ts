import type { Command } from "commander";
import { pointwiseConv2d } from "../../kernels/pointwiseConv2d.ts";
import { Tape } from "../autograd/tape.ts";
import { reasonOf } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import { dawnVersion, describeAdapter, installAdvice, listAdapterKinds } from "../engine/adapter.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { compile } from "../engine/program.ts";
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
  const parameters = { batch: 1, inputs: 8, outputs: 12, pixels: 20, transposed: false };
  const random = new RandomStream(1, "doctor");
  const tape = new Tape();
  const host: Record<string, Float32Array> = {};
  const tensors = Object.fromEntries(
    pointwiseConv2d.bindings(parameters).flatMap(({ name, access, shape }) => {
      if (access !== "read") return [];
      const count = shape.reduce((product, extent) => product * extent, 1);
      host[name] = Float32Array.from({ length: count }, () => random.nextUniform(-1, 1));
      return [[name, tape.input(name, shape)]];
    }),
  );
  const program = await compile(engine, "doctor", tape, tape.apply(pointwiseConv2d, parameters, tensors));
  const { y } = await program.run(host);
  const buffers = Object.fromEntries(
    Object.entries(host).map(([name, data]) => [name, Float64Array.from(data)]),
  );
  buffers.y = new Float64Array(y.length);
  pointwiseConv2d.reference(parameters, buffers);
  return y.reduce((worst, value, index) => Math.max(worst, Math.abs(value - buffers.y[index])), 0);
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
