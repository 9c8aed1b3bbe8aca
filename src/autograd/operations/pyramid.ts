// All levels of a pyramid as one map, so that what treats them alike takes one dispatch.
import { concatParameters } from "../../../kernels/concat.ts";
import {
  pyramidDepthwiseConv2d as depthwiseKernel,
  type PyramidDepthwiseConv2dParameters,
  pyramidParameters,
} from "../../../kernels/pyramidDepthwiseConv2d.ts";
import { pyramidDepthwiseConv2dGradWeight } from "../../../kernels/pyramidDepthwiseConv2dGradWeight.ts";
import { slice } from "../../../kernels/slice.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { concat } from "./concatenation.ts";

/** Height and width of each level of a pyramid. */
export type LevelSizes = readonly (readonly [height: number, width: number])[];

/** Where each level ends among the pixels of all. */
export function levelEnds(levels: LevelSizes): number[] {
  let end = 0;
  return levels.map(([height, width]) => {
    end += height * width;
    return end;
  });
}

/** Pixels of all levels, and zeros up to a multiple of four, which is what pointwise convolutions take at a time. */
export const packedPixels = (levels: LevelSizes): number =>
  4 * Math.ceil(levelEnds(levels)[levels.length - 1] / 4);

/** The levels of a pyramid [N,C,h,w], pixel after pixel, as one map [N,C,1,packedPixels]. */
export function packLevels(tape: Tape, levels: readonly Tensor[]): Tensor {
  const [batch, channels] = levels[0].shape;
  const sizes = levels.map(({ shape: [, , height, width] }) => height * width);
  const total = packedPixels(levels.map(({ shape: [, , height, width] }) => [height, width]));
  return concat(tape, levels, concatParameters(batch * channels, sizes, total), [batch, channels, 1, total]);
}

/** The inverse of `packLevels`. */
export function unpackLevels(tape: Tape, packed: Tensor, levels: LevelSizes): Tensor[] {
  const [batch, channels, , total] = packed.shape;
  let start = 0;
  return levels.map(([height, width]) => {
    const parameters = { outer: batch * channels, total, start, size: height * width };
    start += height * width;
    return tape.apply(slice, parameters, { x: packed }, { y: [batch, channels, height, width] }).y;
  });
}

/** Depthwise 3x3 at stride 1 of every level: x [N,C,1,pixels] packed, weight [C,1,3,3] → the same shape. */
export function pyramidDepthwiseConv2d(tape: Tape, x: Tensor, weight: Tensor, levels: LevelSizes): Tensor {
  const [batch, channels, , pixels] = x.shape;
  const parameters = { ...pyramidParameters(batch, channels, levels, pixels), flipped: false };
  return tape.apply(depthwiseKernel, parameters, { x, weight }, { y: x.shape }).y;
}

export const pyramidGradients: GradientTable = {
  pyramidDepthwiseConv2d(tape, { parameters, tensors: { x, weight } }, { y: dy }, wants) {
    const { flipped, ...p } = parameters as PyramidDepthwiseConv2dParameters;
    const gradInput = () =>
      tape.apply(depthwiseKernel, { ...p, flipped: !flipped }, { x: dy, weight }, { y: x.shape }).y;
    return {
      x: wants("x") ? gradInput() : undefined,
      weight: wants("weight")
        ? tape.apply(pyramidDepthwiseConv2dGradWeight, p, { x, dy }).partial
        : undefined,
    };
  },
};
