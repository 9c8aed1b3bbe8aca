import {
  type DropConnectParameters,
  dropConnect as dropConnectKernel,
} from "../../../kernels/dropConnect.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface DropConnectOptions {
  /** Share of samples that are dropped. */
  readonly rate: number;
  /** Tells the draws of different layers apart. */
  readonly stream: number;
}

/** x [N,…] with whole samples dropped. `random` is u32 [2]: seed and step, written before each run. */
export function dropConnect(
  tape: Tape,
  x: Tensor,
  random: Tensor,
  { rate, stream }: DropConnectOptions,
): Tensor {
  const batch = x.shape[0];
  const parameters = { batch, sample: elementCount(x.shape) / batch, rate, stream };
  return tape.apply(dropConnectKernel, parameters, { x, random }, { y: x.shape }).y;
}

export const dropConnectGradients: GradientTable = {
  dropConnect: (tape, { parameters, tensors: { x, random } }, { y: dy }) => ({
    x: tape.apply(dropConnectKernel, parameters as DropConnectParameters, { x: dy, random }, { y: x.shape })
      .y,
  }),
};
