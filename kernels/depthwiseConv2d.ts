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
import { divideUp, type Kernel, linearWorkgroups, type Workgroups } from "./kernel.ts";

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

/** The 4x4 blocks of the stride 1 variant over an output of [height, width]. */
export const depthwiseBlockWorkgroups = (
  p: DepthwiseConv2dParameters,
  height: number,
  width: number,
): Workgroups =>
  linearWorkgroups(divideUp(p.batch * p.channels * divideUp(height, 4) * divideUp(width, 4), 64));

export const supportsBlocks = (p: DepthwiseConv2dParameters): boolean =>
  (p.kernel === 3 || p.kernel === 5) && p.stride === 1;

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
    {
      name: "block",
      shader: block,
      constants: (p) => ({
        PLANES: p.batch * p.channels,
        CHANNELS: p.channels,
        HEIGHT: p.height,
        WIDTH: p.width,
        KERNEL: p.kernel,
        PAD_TOP: p.padTop,
        PAD_LEFT: p.padLeft,
        OUT_HEIGHT: p.outHeight,
        OUT_WIDTH: p.outWidth,
        FLIPPED: 0,
        WORKGROUP: 64,
      }),
      workgroups: (p) => depthwiseBlockWorkgroups(p, p.outHeight, p.outWidth),
      supports: supportsBlocks,
    },
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
