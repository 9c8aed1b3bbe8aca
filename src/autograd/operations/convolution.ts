import { type Conv2dParameters, conv2d as conv2dKernel } from "../../../kernels/conv2d.ts";
import { conv2dGradInput } from "../../../kernels/conv2dGradInput.ts";
import { conv2dGradWeight } from "../../../kernels/conv2dGradWeight.ts";
import {
  type DepthwiseConv2dParameters,
  depthwiseConv2d as depthwiseKernel,
} from "../../../kernels/depthwiseConv2d.ts";
import { depthwiseConv2dGradInput } from "../../../kernels/depthwiseConv2dGradInput.ts";
import { depthwiseConv2dGradWeight } from "../../../kernels/depthwiseConv2dGradWeight.ts";
import { type Padding, splitRows, windowParameters } from "../../../kernels/geometry.ts";
import {
  type PointwiseConv2dParameters,
  pointwiseConv2d as pointwiseKernel,
} from "../../../kernels/pointwiseConv2d.ts";
import { pointwiseConv2dGradWeight, splitReduction } from "../../../kernels/pointwiseConv2dGradWeight.ts";
import { sumChannels } from "../../../kernels/sumChannels.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface ConvolutionOptions {
  readonly stride: number;
  readonly padding: Padding;
}

/** x [N,C,H,W], weight [O,C,K,K] → [N,O,H',W']. */
export function conv2d(tape: Tape, x: Tensor, weight: Tensor, options: ConvolutionOptions): Tensor {
  const [batch, channels, height, width] = x.shape;
  const [filters, , kernel] = weight.shape;
  const window = windowParameters(height, width, kernel, options.stride, options.padding);
  return tape.apply(conv2dKernel, { batch, channels, filters, ...window }, { x, weight }).y;
}

/** x [N,C,H,W], weight [C,1,K,K] → [N,C,H',W']. */
export function depthwiseConv2d(tape: Tape, x: Tensor, weight: Tensor, options: ConvolutionOptions): Tensor {
  const [batch, channels, height, width] = x.shape;
  const window = windowParameters(height, width, weight.shape[2], options.stride, options.padding);
  return tape.apply(depthwiseKernel, { batch, channels, ...window }, { x, weight }).y;
}

/** x [N,I,H,W], weight [O,I,1,1], bias [O] or none → [N,O,H,W]. */
export function pointwiseConv2d(tape: Tape, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [batch, inputs, height, width] = x.shape;
  const outputs = weight.shape[0];
  return applyPointwise(tape, x, weight, bias, { batch, inputs, outputs, height, width, transposed: false });
}

interface PointwiseShape {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly transposed: boolean;
}

function applyPointwise(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  { height, width, ...shape }: PointwiseShape,
): Tensor {
  const parameters = { ...shape, pixels: height * width };
  const given = { x, weight, bias: bias ?? tape.zeros(shape.outputs) };
  return tape.apply(pointwiseKernel, parameters, given, { y: [shape.batch, shape.outputs, height, width] }).y;
}

export const convolutionGradients: GradientTable = {
  conv2d(tape, { parameters, tensors: { x, weight } }, { y: dy }, wants) {
    const p = parameters as Conv2dParameters;
    const split = { ...p, ...splitRows(p, p.filters * p.channels) };
    return {
      x: wants("x") ? tape.apply(conv2dGradInput, p, { weight, dy }).dx : undefined,
      weight: wants("weight") ? tape.apply(conv2dGradWeight, split, { x, dy }).partial : undefined,
    };
  },

  depthwiseConv2d(tape, { parameters, tensors: { x, weight } }, { y: dy }, wants) {
    const p = parameters as DepthwiseConv2dParameters;
    const split = { ...p, ...splitRows(p, p.channels) };
    return {
      x: wants("x") ? tape.apply(depthwiseConv2dGradInput, p, { weight, dy }).dx : undefined,
      weight: wants("weight") ? tape.apply(depthwiseConv2dGradWeight, split, { x, dy }).partial : undefined,
    };
  },

  pointwiseConv2d(tape, { parameters, tensors: { x, weight } }, { y: dy }, wants) {
    const { batch, inputs, outputs, pixels } = parameters as PointwiseConv2dParameters;
    const [, , height, width] = x.shape;
    const transposed = { batch, inputs: outputs, outputs: inputs, height, width, transposed: true };
    return {
      x: wants("x") ? applyPointwise(tape, dy, weight, undefined, transposed) : undefined,
      weight: wants("weight") ? pointwiseWeightGradient(tape, x, dy, weight) : undefined,
      bias: wants("bias")
        ? tape.apply(sumChannels, { batch, channels: outputs, pixels }, { x: dy }).y
        : undefined,
    };
  },
};

function pointwiseWeightGradient(tape: Tape, x: Tensor, dy: Tensor, weight: Tensor): Tensor {
  const [batch, inputs, height, width] = x.shape;
  const outputs = weight.shape[0];
  const pixels = height * width;
  const split = splitReduction(batch, inputs, outputs, pixels);
  const parameters = { batch, inputs, outputs, pixels, ...split };
  return tape.apply(pointwiseConv2dGradWeight, parameters, { x, dy }).partial;
}
