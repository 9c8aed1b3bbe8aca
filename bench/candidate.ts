// A variant at a shape made ready: checked against the float64 reference first, then its dispatch and an empty one.
import { makeInputs } from "../kernels/inputs.ts";
import {
  costOf,
  describeShape,
  type Kernel,
  type Parameters,
  specialize,
  untuned,
  workgroupSize,
} from "../kernels/kernel.ts";
import empty from "../shaders/empty.wgsl";
import type { Engine } from "../src/engine/engine.ts";
import {
  checkKernel,
  compileKernel,
  defaultTolerance,
  hostInputs,
  type KernelProgram,
  type Oracle,
  type WorstElement,
} from "../src/engine/kernelProgram.ts";
import type { TimedPass } from "../src/engine/passTimer.ts";
import type { Inputs } from "../src/engine/program.ts";
import type { Correctness, Row } from "./result.ts";
import type { Wanted } from "./suites.ts";

/** Above so many FLOPs the reference takes too long in TypeScript, and the kernel's test cases stand in. */
export const mostReferenceFlops = 2e8;

export interface Candidate {
  readonly row: Omit<Row, "timing">;
  readonly dispatch: TimedPass["dispatch"];
  readonly emptyDispatch: TimedPass["dispatch"];
  /** Puts what the kernel updates in place back to its inputs, so that it neither grows nor fades from run to run. */
  restore(): void;
  release(): void;
}

/** Whether the reference is fast enough to be consulted at the shape itself. */
export const checksShape = (kernel: Kernel, parameters: Parameters): boolean =>
  kernel.flops(parameters) <= mostReferenceFlops;

/** The worst element over the kernel's own test cases that the variant supports. */
async function checkCases(engine: Engine, { kernel, choice }: KernelProgram): Promise<WorstElement> {
  const checks: WorstElement[] = [];
  for (const parameters of kernel.cases) {
    if (!(choice.variant.supports?.(parameters) ?? true)) continue;
    const compiled = await compileKernel(engine, kernel, choice, parameters);
    checks.push(await checkKernel(compiled));
    compiled.program.release();
  }
  const worse = (a: WorstElement, b: WorstElement) => (a.toleranceShare >= b.toleranceShare ? a : b);
  return checks.find(({ toleranceShare }) => Number.isNaN(toleranceShare)) ?? checks.reduce(worse);
}

/** @param oracle given where several choices are checked at the shape. */
export async function checkCandidate(
  engine: Engine,
  compiled: KernelProgram,
  oracle?: Oracle,
): Promise<Correctness> {
  const { kernel, parameters } = compiled;
  const checked = checksShape(kernel, parameters) ? "shape" : "cases";
  const worst =
    checked === "shape" ? await checkKernel(compiled, true, oracle) : await checkCases(engine, compiled);
  const { absolute, relative } = kernel.tolerance ?? defaultTolerance;
  return {
    right: worst.toleranceShare <= 1,
    maxError: worst.error,
    toleranceShare: worst.toleranceShare,
    tolerance: { absolute, relative },
    checked,
  };
}

/** The empty kernel on a dispatch's own bind group and workgroups. */
async function makeEmpty(engine: Engine, compiled: KernelProgram): Promise<TimedPass["dispatch"]> {
  const { device } = engine;
  const { kernel, choice, parameters, program } = compiled;
  const [{ pipeline, bindGroup, workgroups }] = program.dispatches;
  const layout = device.createPipelineLayout({ bindGroupLayouts: [pipeline.getBindGroupLayout(0)] });
  const module = device.createShaderModule({ label: "empty", code: empty });
  const constants = { WORKGROUP: workgroupSize(specialize(kernel, choice, parameters, engine.traits)) };
  return {
    pipeline: await device.createComputePipelineAsync({ layout, compute: { module, constants } }),
    bindGroup,
    workgroups,
  };
}

/** What a kernel updates in place, with the values it starts from. */
export function restorable(compiled: KernelProgram, inputs: Inputs): Inputs {
  const { kernel, parameters } = compiled;
  const updated = kernel.bindings(parameters).filter(({ access }) => access === "readWrite");
  return Object.fromEntries(updated.map(({ name }) => [name, inputs[name]]));
}

/**
 * Compiles and checks. The buffers hold the kernel's deterministic inputs, never zeros.
 * @throws Error when the shader does not compile.
 */
export async function prepareCandidate(engine: Engine, wanted: Wanted): Promise<Candidate> {
  const { kernel, variant, parameters, origin, count, chosen } = wanted;
  const compiled = await compileKernel(engine, kernel, untuned(variant), parameters);
  const { program } = compiled;
  const correctness = await checkCandidate(engine, compiled);
  const inputs = hostInputs(compiled, makeInputs(kernel, parameters));
  if (correctness.checked === "cases") await program.run(inputs);
  const updated = restorable(compiled, inputs);
  const [dispatch] = program.dispatches;
  return {
    row: {
      key: describeShape(kernel, parameters).replace(kernel.name, `${kernel.name}/${variant.name}`),
      kernel: kernel.name,
      variant: variant.name,
      parameters,
      chosen,
      origin,
      count,
      ...costOf(kernel, parameters),
      workgroups: dispatch.workgroups,
      correctness,
    },
    dispatch,
    emptyDispatch: await makeEmpty(engine, compiled),
    restore: () => program.write(updated),
    release: () => program.release(),
  };
}

/** Bytes of the buffers that a candidate keeps: every binding, and the written ones twice more for reading back. */
export function candidateBytes({ kernel, parameters }: Wanted): number {
  const { bytesRead, bytesWritten } = costOf(kernel, parameters);
  return bytesRead + 3 * bytesWritten;
}
