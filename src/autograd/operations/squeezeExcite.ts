// The two operations around squeeze-and-excite's pair of pointwise convolutions (arXiv 1709.01507).
import { type PlaneParameters, globalAveragePool as poolKernel } from "../../../kernels/globalAveragePool.ts";
import { globalAveragePoolGrad } from "../../../kernels/globalAveragePoolGrad.ts";
import { scaleChannels as scaleKernel } from "../../../kernels/scaleChannels.ts";
import { scaleChannelsGradGate } from "../../../kernels/scaleChannelsGradGate.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

function planesOf({ shape: [batch, channels, height, width] }: Tensor): PlaneParameters {
  return { planes: batch * channels, pixels: height * width };
}

/** Mean over pixels: x [N,C,H,W] → [N,C,1,1]. */
export function globalAveragePool(tape: Tape, x: Tensor): Tensor {
  return tape.apply(poolKernel, planesOf(x), { x }, { y: [x.shape[0], x.shape[1], 1, 1] }).y;
}

/** x [N,C,H,W] times gate [N,C,1,1]. */
export function scaleChannels(tape: Tape, x: Tensor, gate: Tensor): Tensor {
  return tape.apply(scaleKernel, planesOf(x), { x, gate }, { y: x.shape }).y;
}

export const squeezeExciteGradients: GradientTable = {
  globalAveragePool: (tape, { tensors: { x } }, { y: dy }) => ({
    x: tape.apply(globalAveragePoolGrad, planesOf(x), { dy }, { dx: x.shape }).dx,
  }),

  scaleChannels: (tape, { tensors: { x, gate } }, { y: dy }, wants) => ({
    x: wants("x") ? scaleChannels(tape, dy, gate) : undefined,
    gate: wants("gate")
      ? tape.apply(scaleChannelsGradGate, planesOf(x), { x, dy }, { dgate: gate.shape }).dgate
      : undefined,
  }),
};
