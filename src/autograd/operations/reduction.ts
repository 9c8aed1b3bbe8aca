import { broadcastLeading } from "../../../kernels/broadcastLeading.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import { type LeadingParameters, sumLeading as sumLeadingKernel } from "../../../kernels/sumLeading.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** scale · sum of x [splits, …rest] over its leading dimension → [...rest], or [1] when there is no rest. */
export function sumLeading(tape: Tape, x: Tensor, scale = 1): Tensor {
  const [splits, ...rest] = x.shape;
  const shape = rest.length > 0 ? rest : [1];
  return tape.apply(sumLeadingKernel, { splits, length: elementCount(shape), scale }, { x }, { y: shape }).y;
}

export const reductionGradients: GradientTable = {
  sumLeading: (tape, { parameters, tensors: { x } }, { y }) => ({
    x: tape.apply(broadcastLeading, parameters as LeadingParameters, { x: y }, { y: x.shape }).y,
  }),
};
