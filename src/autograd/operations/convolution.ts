import {
  type DepthwiseConv2dParameters,
  depthwiseConv2d as depthwiseKernel,
} from "../../../kernels/depthwiseConv2d.ts";
import { depthwiseConv2dGradInput } from "../../../kernels/depthwiseConv2dGradInput.ts";
import { depthwiseConv2dGradWeight } from "../../../kernels/depthwiseConv2dGradWeight.ts";
import { type Padding, windowParameters } from "../../../kernels/geometry.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface ConvolutionOptions {
  readonly stride: number;
  readonly padding: Padding;
}

/** x [N,C,H,W], weight [C,1,K,K] → [N,C,H',W']. */
export function depthwiseConv2d(tape: Tape, x: Tensor, weight: Tensor, options: ConvolutionOptions): Tensor {
  const [batch, channels, height, width] = x.shape;
  const window = windowParameters(height, width, weight.shape[2], options.stride, options.padding);
  return tape.apply(depthwiseKernel, { batch, channels, ...window }, { x, weight }).y;
}

export const convolutionGradients: GradientTable = {
  depthwiseConv2d(tape, { parameters, tensors: { x, weight } }, { y: dy }, wants) {
    const p = parameters as DepthwiseConv2dParameters;
    return {
      x: wants("x") ? tape.apply(depthwiseConv2dGradInput, p, { weight, dy }).dx : undefined,
      weight: wants("weight") ? tape.apply(depthwiseConv2dGradWeight, p, { x, dy }).dw : undefined,
    };
  },
};
