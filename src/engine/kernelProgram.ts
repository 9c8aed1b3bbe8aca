// One choice of one kernel as a program of its own, and its results against the float64 reference.
import { makeInputs } from "../../kernels/inputs.ts";
import {
  type Binding,
  type Buffers,
  type Choice,
  describeChoice,
  type Kernel,
  type Parameters,
  pinned,
} from "../../kernels/kernel.ts";
import { Tape } from "../autograd/tape.ts";
import type { Engine } from "./engine.ts";
import { compile, type Inputs, type Program } from "./program.ts";

/** Some tens of float32 roundings of values near 1. */
export const defaultTolerance = { absolute: 1e-5, relative: 1e-5 };

export interface KernelProgram {
  readonly kernel: Kernel;
  readonly choice: Choice;
  readonly parameters: Parameters;
  /** One dispatch; every binding is an input by its name, and the written ones are outputs. */
  readonly program: Program;
}

/** Forgets which parameters a record takes. */
const erase = <P extends Parameters>(kernel: Kernel<P>, choice: Choice<P>) => ({
  kernel: kernel as unknown as Kernel,
  choice: choice as unknown as Choice,
});

/** @throws Error when the adapter cannot run the variant, or its shader does not compile. */
export async function compileKernel<P extends Parameters>(
  engine: Engine,
  kernel: Kernel<P>,
  choice: Choice<P>,
  parameters: P,
): Promise<KernelProgram> {
  const tape = new Tape();
  const tensors = Object.fromEntries(
    kernel.bindings(parameters).map(({ name, shape, dtype }) => [name, tape.input(name, shape, dtype)]),
  );
  const erased = erase(kernel, choice);
  const outputs = tape.apply(pinned(kernel, choice), parameters, tensors);
  const name = `${kernel.name}/${describeChoice(erased.choice)}`;
  return { ...erased, parameters, program: await compile(engine, name, tape, outputs) };
}

function toHost(values: Float64Array, dtype: Binding["dtype"]) {
  if (dtype === "i32") return Int32Array.from(values);
  return dtype === "u32" ? Uint32Array.from(values) : Float32Array.from(values);
}

/** The kernel's deterministic inputs as the program takes them. */
export function hostInputs({ kernel, parameters }: KernelProgram, inputs: Buffers): Inputs {
  const bindings = kernel.bindings(parameters);
  return Object.fromEntries(bindings.map(({ name, dtype }) => [name, toHost(inputs[name], dtype)]));
}

/** Runs the program on its inputs. @returns the written bindings. */
async function run(compiled: KernelProgram, inputs: Buffers): Promise<Buffers> {
  const results = await compiled.program.run(hostInputs(compiled, inputs));
  const written = compiled.kernel.bindings(compiled.parameters).filter(({ access }) => access !== "read");
  return Object.fromEntries(
    written.map(({ name, dtype = "f32" }) => {
      const bits = results[name];
      const Typed = { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[dtype];
      return [name, Float64Array.from(new Typed(bits.buffer as ArrayBuffer, bits.byteOffset, bits.length))];
    }),
  );
}

/** A kernel's deterministic inputs, and what its reference makes of them. */
export interface Oracle {
  readonly inputs: Buffers;
  readonly expected: Buffers;
}

export function consultReference(kernel: Kernel, parameters: Parameters): Oracle {
  const inputs = makeInputs(kernel, parameters);
  const expected = { ...inputs };
  for (const { name, access } of kernel.bindings(parameters))
    if (access !== "read") expected[name] = inputs[name].slice();
  kernel.reference(parameters, expected);
  return { inputs, expected };
}

/** The element of a kernel's outputs that is furthest out. */
export interface WorstElement {
  /** "y[12]". */
  readonly where: string;
  readonly actual: number;
  readonly expected: number;
  /** |actual − expected|, and its share of the tolerance: right up to 1. NaN when the element is. */
  readonly error: number;
  readonly toleranceShare: number;
}

/**
 * Compares the choice's outputs with the reference on the kernel's deterministic inputs: an element may be off by
 * absolute · scale + relative · |expected|.
 * @param scaled whether scale is the root mean square of the binding's expected values where that exceeds 1, instead
 * of 1: what long sums that cancel need, whose roundings are those of their summands.
 * @param oracle given where several choices are checked at the same parameters.
 */
export async function checkKernel(
  compiled: KernelProgram,
  scaled = false,
  oracle: Oracle = consultReference(compiled.kernel, compiled.parameters),
): Promise<WorstElement> {
  const { kernel } = compiled;
  const actual = await run(compiled, oracle.inputs);
  const { absolute, relative } = kernel.tolerance ?? defaultTolerance;
  let worst: WorstElement = { where: "", actual: 0, expected: 0, error: 0, toleranceShare: 0 };
  for (const [name, values] of Object.entries(actual)) {
    const expected = oracle.expected[name];
    const meanSquare = expected.reduce((sum, value) => sum + value ** 2, 0) / expected.length;
    const scale = scaled ? Math.max(1, Math.sqrt(meanSquare)) : 1;
    for (let index = 0; index < values.length; index++) {
      const error = Math.abs(values[index] - expected[index]);
      const allowed = absolute * scale + relative * Math.abs(expected[index]);
      const toleranceShare = error === 0 ? 0 : error / allowed;
      if (toleranceShare <= worst.toleranceShare) continue;
      worst = {
        where: `${name}[${index}]`,
        actual: values[index],
        expected: expected[index],
        error,
        toleranceShare,
      };
      if (Number.isNaN(toleranceShare)) return worst;
    }
  }
  return worst;
}
