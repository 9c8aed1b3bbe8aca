import { broadcastLeading } from "../../../kernels/broadcastLeading.ts";
import { elementCount, type Shape } from "../../../kernels/kernel.ts";
import {
  maxSummands,
  type SumLeadingParameters,
  sumLeading as sumLeadingKernel,
  sumLeadingParameters,
} from "../../../kernels/sumLeading.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Sum of one to six tensors x_k [splits_k, ...shape], over their leading dimensions too → shape. */
export function sumParts(tape: Tape, parts: readonly Tensor[], shape: Shape): Tensor {
  const length = elementCount(shape);
  const splits = parts.map((part) => elementCount(part.shape) / length);
  const given = Array.from({ length: maxSummands }, (_, index) => [
    `x${index}`,
    parts[index] ?? tape.zeros(1),
  ]);
  const parameters = sumLeadingParameters(length, splits);
  return tape.apply(sumLeadingKernel, parameters, Object.fromEntries(given), { y: shape }).y;
}

/** Sum of x [splits, …rest] over its leading dimension → [...rest], or [1] when there is no rest. */
export function sumLeading(tape: Tape, x: Tensor): Tensor {
  const [, ...rest] = x.shape;
  return sumParts(tape, [x], rest.length > 0 ? rest : [1]);
}

export const reductionGradients: GradientTable = {
  sumLeading(tape, { parameters, tensors }, { y }, wants) {
    const { length } = parameters as SumLeadingParameters;
    const names = Object.keys(tensors).filter((name) => name !== "y" && wants(name));
    const gradient = ({ shape }: Tensor) => {
      const splits = elementCount(shape) / length;
      return splits === 1 ? y : tape.apply(broadcastLeading, { splits, length }, { x: y }, { y: shape }).y;
    };
    return Object.fromEntries(names.map((name) => [name, gradient(tensors[name])]));
  },
};
