import block from "../shaders/depthwiseConv2d.block.wgsl";
import plain from "../shaders/depthwiseConv2d.plain.wgsl";
import row from "../shaders/depthwiseConv2d.wgsl";
import {
  forEachTap,
  type Padding,
  type WindowParameters,
  windowConstants,
  windowParameters,
} from "./geometry.ts";
import { divideUp, type Kernel, linearWorkgroups, type Variant, type Workgroups } from "./kernel.ts";

export type DepthwiseConv2dParameters = { batch: number; channels: number } & WindowParameters;

/** Shapes shared by the convolution and its two gradients. */
export function depthwiseShapes(p: DepthwiseConv2dParameters) {
  return {
    x: [p.batch, p.channels, p.height, p.width],
    weight: [p.channels, 1, p.kernel, p.kernel],
    y: [p.batch, p.channels, p.outHeight, p.outWidth],
  };
}

export function depthwiseConstants(p: DepthwiseConv2dParameters): Record<string, number> {
  return { CHANNELS: p.channels, ...windowConstants(p), WORKGROUP: 64 };
}

/** Constants and launch of the variants that take four neighbouring elements of a row of [height, width] at once. */
export const depthwiseRowConstants = (p: DepthwiseConv2dParameters): Record<string, number> => ({
  PLANES: p.batch * p.channels,
  ...depthwiseConstants(p),
});

export const depthwiseRowWorkgroups = (
  p: DepthwiseConv2dParameters,
  height: number,
  width: number,
): Workgroups => linearWorkgroups(divideUp(p.batch * p.channels * height * divideUp(width, 4), 64));

/** The row variants' taps are written out for these. */
export const supportsRows = (p: DepthwiseConv2dParameters): boolean =>
  (p.kernel === 3 || p.kernel === 5) && (p.stride === 1 || p.stride === 2);

/**
 * Blocks of 4x4 elements at stride 1. The gradient with respect to the input is such a convolution too, of the output's
 * gradient with the taps in reverse order.
 */
export function depthwiseBlockVariant(gradient: boolean): Variant<DepthwiseConv2dParameters> {
  const sizes = (p: DepthwiseConv2dParameters) => {
    const [near, far] = [
      { height: p.height, width: p.width },
      { height: p.outHeight, width: p.outWidth },
    ];
    return gradient ? { from: far, to: near } : { from: near, to: far };
  };
  const padding = (p: DepthwiseConv2dParameters, before: number) =>
    gradient ? p.kernel - 1 - before : before;
  return {
    name: "block",
    shader: block,
    constants(p) {
      const { from, to } = sizes(p);
      return {
        PLANES: p.batch * p.channels,
        CHANNELS: p.channels,
        HEIGHT: from.height,
        WIDTH: from.width,
        KERNEL: p.kernel,
        PAD_TOP: padding(p, p.padTop),
        PAD_LEFT: padding(p, p.padLeft),
        OUT_HEIGHT: to.height,
        OUT_WIDTH: to.width,
        FLIPPED: Number(gradient),
        WORKGROUP: 64,
      };
    },
    workgroups(p) {
      const { to } = sizes(p);
      const blocks = divideUp(to.height, 4) * divideUp(to.width, 4);
      return linearWorkgroups(divideUp(p.batch * p.channels * blocks, 64));
    },
    supports: (p) => (p.kernel === 3 || p.kernel === 5) && p.stride === 1,
  };
}

export const depthwiseFlops = (p: DepthwiseConv2dParameters): number =>
  2 * p.batch * p.channels * p.outHeight * p.outWidth * p.kernel * p.kernel;

const example = (
  batch: number,
  channels: number,
  size: [number, number],
  kernel: number,
  stride: number,
  padding: Padding,
): DepthwiseConv2dParameters => ({ batch, channels, ...windowParameters(...size, kernel, stride, padding) });

export const depthwiseCases: readonly DepthwiseConv2dParameters[] = [
  example(1, 1, [1, 1], 3, 1, "symmetric"),
  example(2, 7, [13, 11], 3, 1, "symmetric"),
  example(2, 5, [8, 12], 3, 2, "same"),
  example(1, 3, [17, 19], 3, 2, "symmetric"),
  example(3, 2, [9, 7], 5, 1, "same"),
  example(1, 5, [10, 14], 5, 2, "same"),
  example(2, 3, [11, 6], 5, 2, "symmetric"),
];

/** Depthwise convolution without bias. x [batch,channels,height,width], weight [channels,1,kernel,kernel]. */
export const depthwiseConv2d: Kernel<DepthwiseConv2dParameters> = {
  name: "depthwiseConv2d",
  bindings(p) {
    const shapes = depthwiseShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "y", access: "write", shape: shapes.y },
    ];
  },
  variants: [
    depthwiseBlockVariant(false),
    {
      name: "row",
      shader: row,
      constants: depthwiseRowConstants,
      workgroups: (p) => depthwiseRowWorkgroups(p, p.outHeight, p.outWidth),
      supports: supportsRows,
    },
    {
      name: "plain",
      shader: plain,
      constants: depthwiseConstants,
      workgroups: (p) => [divideUp(p.outHeight * p.outWidth, 64), p.channels, p.batch],
    },
  ],
  flops: depthwiseFlops,
  reference(p, { x, weight, y }) {
    y.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const taps = weight.subarray((plane % p.channels) * p.kernel ** 2);
      const source = x.subarray(plane * p.height * p.width);
      const target = y.subarray(plane * p.outHeight * p.outWidth);
      forEachTap(p, (output, input, tap) => {
        target[output] += taps[tap] * source[input];
      });
    }
  },
  cases: depthwiseCases,
};
