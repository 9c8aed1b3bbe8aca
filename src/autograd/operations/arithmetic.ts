import { type AddParameters, add as addKernel } from "../../../kernels/add.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** alpha·a + beta·b, element by element, for two tensors of one shape. */
export function add(tape: Tape, a: Tensor, b: Tensor, alpha = 1, beta = 1): Tensor {
  const parameters = { length: elementCount(a.shape), alpha, beta };
  return tape.apply(addKernel, parameters, { a, b }, { y: a.shape }).y;
}

/** scale·x. */
export function scale(tape: Tape, x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : add(tape, x, x, factor, 0);
}

export const arithmeticGradients: GradientTable = {
  add(tape, { parameters }, { y }, wants) {
    const { alpha, beta } = parameters as AddParameters;
    return {
      a: wants("a") ? scale(tape, y, alpha) : undefined,
      b: wants("b") ? scale(tape, y, beta) : undefined,
    };
  },
};
