// Tensors side by side, and runs cut out of them.
import {
  type ConcatParameters,
  concat as concatKernel,
  concatParameters,
  concatSizes,
} from "../../../kernels/concat.ts";
import { elementCount, type Shape } from "../../../kernels/kernel.ts";
import { type SliceParameters, slice } from "../../../kernels/slice.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Rows of `parts` side by side, as `parameters` say → `shape`. */
export function concat(
  tape: Tape,
  parts: readonly Tensor[],
  parameters: ConcatParameters,
  shape: Shape,
): Tensor {
  const given = concatSizes(parameters).map((_, index) => [`x${index}`, parts[index] ?? parts[0]]);
  return tape.apply(concatKernel, parameters, Object.fromEntries(given), { y: shape }).y;
}

/** a [N,A,H,W] and b [N,B,H,W] → [N,A+B,H,W]. */
export function concatChannels(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const sizes = [a, b].map(({ shape }) => elementCount(shape) / batch);
  return concat(tape, [a, b], concatParameters(batch, sizes), [batch, channels + b.shape[1], height, width]);
}

export const concatenationGradients: GradientTable = {
  concat(tape, { parameters, tensors }, { y: dy }, wants) {
    const p = parameters as ConcatParameters;
    let start = 0;
    const gradients = concatSizes(p).map((size, index) => {
      const name = `x${index}`;
      const from = { outer: p.outer, total: p.total, start, size };
      start += size;
      const wanted = size > 0 && wants(name);
      return [name, wanted ? tape.apply(slice, from, { x: dy }, { y: tensors[name].shape }).y : undefined];
    });
    return Object.fromEntries(gradients);
  },

  slice(tape, { parameters, tensors: { x } }, { y: dy }) {
    const { outer, total, start, size } = parameters as SliceParameters;
    return { x: concat(tape, [dy], concatParameters(outer, [size], total, start), x.shape) };
  },
};
