// What tests and benchmarks feed a kernel: the same numbers for the same kernel and parameters, and never zeros.
import { RandomStream } from "../src/base/random.ts";
import { type Buffers, elementCount, type Kernel, type Parameters } from "./kernel.ts";

/** Uniform in ±1 and at least 1/64 away from 0, exact in float32. */
function uniformSource(name: string): () => number {
  const stream = new RandomStream(1, name);
  return () => {
    const value = stream.nextUniform(-1, 1);
    return value + Math.sign(value || 1) / 64;
  };
}

/** Values of every binding, exact in float32; what is only written starts as NaN. */
export function makeInputs(kernel: Kernel, parameters: Parameters): Buffers {
  const uniform = uniformSource(`${kernel.name} ${JSON.stringify(parameters)}`);
  const given = kernel.testInputs?.(parameters, uniform) ?? {};
  const buffers: Buffers = {};
  for (const { name, access, shape } of kernel.bindings(parameters)) {
    const count = elementCount(shape);
    const values = given[name] ?? new Float64Array(count).fill(NaN);
    if (!given[name] && access !== "write") for (let i = 0; i < count; i++) values[i] = uniform();
    buffers[name] = new Float64Array(new Float32Array(values));
  }
  return buffers;
}
