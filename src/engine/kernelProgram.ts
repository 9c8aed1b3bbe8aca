// One variant of one kernel as a program of its own, and its results against the float64 reference.
import { makeInputs } from "../../kernels/inputs.ts";
import type { Binding, Buffers, Kernel, Parameters, Variant } from "../../kernels/kernel.ts";
import { Tape } from "../autograd/tape.ts";
import type { Engine } from "./engine.ts";
import { compile, type Inputs, type Program } from "./program.ts";

/** Some tens of float32 roundings of values near 1. */
export const defaultTolerance = { absolute: 1e-5, relative: 1e-5 };

export interface KernelProgram {
  readonly kernel: Kernel;
  readonly variant: Variant;
  readonly parameters: Parameters;
  /** One dispatch; every binding is an input by its name, and the written ones are outputs. */
  readonly program: Program;
}

/** @throws Error when the adapter cannot run the variant, or its shader does not compile. */
export async function compileKernel<P extends Parameters>(
  engine: Engine,
  kernel: Kernel<P>,
  variant: Variant<P>,
  parameters: P,
): Promise<KernelProgram> {
  const single = { ...kernel, variants: [variant] };
  const tape = new Tape();
  const tensors = Object.fromEntries(
    kernel.bindings(parameters).map(({ name, shape, dtype }) => [name, tape.input(name, shape, dtype)]),
  );
  const outputs = tape.apply(single, parameters, tensors);
  const program = await compile(engine, `${kernel.name}/${variant.name}`, tape, outputs);
  return { kernel: kernel as unknown as Kernel, variant: variant as unknown as Variant, parameters, program };
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
 * Compares the variant's outputs with the reference on the kernel's deterministic inputs: an element may be off by
 * absolute · scale + relative · |expected|.
 * @param scaled whether scale is the root mean square of the binding's expected values where that exceeds 1, instead
 * of 1: what long sums that cancel need, whose roundings are those of their summands.
 */
export async function checkKernel(compiled: KernelProgram, scaled = false): Promise<WorstElement> {
  const { kernel, parameters } = compiled;
  const inputs = makeInputs(kernel, parameters);
  const actual = await run(compiled, inputs);
  kernel.reference(parameters, inputs);
  const { absolute, relative } = kernel.tolerance ?? defaultTolerance;
  let worst: WorstElement = { where: "", actual: 0, expected: 0, error: 0, toleranceShare: 0 };
  for (const [name, values] of Object.entries(actual)) {
    const expected = inputs[name];
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
