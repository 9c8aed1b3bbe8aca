// Evaluates a tape in float64 on the CPU by its kernels' references. Slow and plain: what the WGSL is held against,
// and what central differences of a whole model run on.
import { elementCount } from "../../kernels/kernel.ts";
import type { Plane } from "./parameters.ts";
import type { Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

export class Interpreter {
  readonly #values = new Map<Tensor, Float64Array>();
  readonly #planes = new Map<Plane, Float64Array>();

  /** Every element of a flat plane; zeros until something is written. */
  plane(plane: Plane): Float64Array {
    let values = this.#planes.get(plane);
    if (!values) {
      values = new Float64Array(plane.layout.length);
      this.#planes.set(plane, values);
    }
    return values;
  }

  /** A tensor's elements; a transient's are NaN until its producer has run. */
  values(tensor: Tensor): Float64Array {
    const { storage } = tensor;
    const count = elementCount(tensor.shape);
    if (storage.kind === "persistent")
      return this.plane(storage.plane).subarray(storage.offset, storage.offset + count);
    if (storage.kind === "view")
      return this.values(storage.of).subarray(storage.offset, storage.offset + count);
    let values = this.#values.get(tensor);
    if (!values) {
      values =
        storage.kind === "constant" ? Float64Array.from(storage.data) : new Float64Array(count).fill(NaN);
      this.#values.set(tensor, values);
    }
    return values;
  }

  run(tape: Tape, inputs: Readonly<Record<string, ArrayLike<number>>>): void {
    for (const tensor of tape.inputs) if (inputs[tensor.name]) this.values(tensor).set(inputs[tensor.name]);
    for (const operation of tape.operations) {
      const buffers = Object.fromEntries(
        Object.entries(operation.tensors).map(([name, tensor]) => [name, this.values(tensor)]),
      );
      operation.kernel.reference(operation.parameters, buffers);
    }
  }
}
