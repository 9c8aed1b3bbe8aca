import { concatChannels as concatKernel } from "../../../kernels/concatChannels.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import { sliceChannels } from "../../../kernels/sliceChannels.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** a [N,A,H,W] and b [N,B,H,W] → [N,A+B,H,W]. */
export function concatChannels(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const parameters = { batch, a: elementCount(a.shape) / batch, b: elementCount(b.shape) / batch };
  return tape.apply(concatKernel, parameters, { a, b }, { y: [batch, channels + b.shape[1], height, width] })
    .y;
}

export const channelGradients: GradientTable = {
  concatChannels(tape, { tensors: { a, b } }, { y: dy }, wants) {
    const batch = a.shape[0];
    const total = elementCount(dy.shape) / batch;
    const slice = (of: Tensor, start: number) => {
      const parameters = { batch, total, start, size: elementCount(of.shape) / batch };
      return tape.apply(sliceChannels, parameters, { x: dy }, { y: of.shape }).y;
    };
    return {
      a: wants("a") ? slice(a, 0) : undefined,
      b: wants("b") ? slice(b, elementCount(a.shape) / batch) : undefined,
    };
  },
};
