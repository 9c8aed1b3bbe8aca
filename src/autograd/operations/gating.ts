import { type GatedSumParameters, gatedSum as gatedSumKernel } from "../../../kernels/gatedSum.ts";
import { gatedSumGrad } from "../../../kernels/gatedSumGrad.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** s·a + (1 − s)·b with s = sigmoid(gate), for three tensors of one shape. */
export function gatedSum(tape: Tape, a: Tensor, b: Tensor, gate: Tensor): Tensor {
  return tape.apply(gatedSumKernel, { length: elementCount(a.shape) }, { a, b, gate }, { y: a.shape }).y;
}

export const gatingGradients: GradientTable = {
  gatedSum(tape, { parameters, tensors: { a, b, gate } }, { y: dy }) {
    const shapes = { da: a.shape, db: a.shape, dgate: a.shape };
    const given = { a, b, gate, dy };
    const { da, db, dgate } = tape.apply(gatedSumGrad, parameters as GatedSumParameters, given, shapes);
    return { a: da, b: db, gate: dgate };
  },
};
