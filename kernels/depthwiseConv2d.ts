import columns from "../shaders/columns.wgsl";
import bare from "../shaders/convolution.bare.wgsl";
import plain from "../shaders/depthwiseConv2d.plain.wgsl";
import stride2 from "../shaders/depthwiseConv2d.stride2.wgsl";
import whole from "../shaders/depthwiseConv2d.wgsl";
import strips from "../shaders/depthwiseStrip.wgsl";
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

/** Small, so that few planes still keep every core of a CPU busy. */
export const stripWorkgroup = 32;

/** Most rows of a strip: enough that the lines above and below it, which two strips load, weigh little. */
const mostStripRows = 16;

/** Rows of a strip, for strips of equal height. */
export const stripRows = (height: number): number => divideUp(height, divideUp(height, mostStripRows));

/** Launch of one invocation for every strip of `rows` x `width` of an image. */
export function stripWorkgroups(
  { batch, channels }: DepthwiseConv2dParameters,
  image: { height: number; width: number },
  strip: { rows: number; width: number },
): Workgroups {
  const strips = divideUp(image.height, strip.rows) * divideUp(image.width, strip.width);
  return linearWorkgroups(divideUp(batch * channels * strips, stripWorkgroup));
}

/** Constants of the strip variants at stride 2, with strips of `rows`. */
export const stride2Constants = (p: DepthwiseConv2dParameters, rows: number): Record<string, number> => {
  const { STRIDE, ...constants } = depthwiseConstants(p);
  return { PLANES: p.batch * p.channels, ...constants, ROWS: rows, WORKGROUP: stripWorkgroup };
};

/** The strip variants' taps are written out for these kernels. */
export const supportsStride2 = ({ kernel, stride }: DepthwiseConv2dParameters): boolean =>
  (kernel === 3 || kernel === 5) && stride === 2;

/**
 * Strips of eight columns at stride 1, input and output of one size. The gradient with respect to the input is such a
 * convolution too, of the output's gradient with the taps in reverse order.
 */
export const depthwiseStripVariant = (
  gradient: boolean,
  behind = bare,
): Variant<DepthwiseConv2dParameters> => ({
  name: "strip",
  shader: columns + strips + whole + behind,
  constants: (p) => ({
    PLANES: p.batch * p.channels,
    CHANNELS: p.channels,
    HEIGHT: p.height,
    WIDTH: p.width,
    ROWS: stripRows(p.height),
    KERNEL: p.kernel,
    FLIPPED: Number(gradient),
    WORKGROUP: stripWorkgroup,
  }),
  workgroups: (p) => stripWorkgroups(p, p, { rows: stripRows(p.height), width: 8 }),
  supports: (p) =>
    (p.kernel === 3 || p.kernel === 5) &&
    p.stride === 1 &&
    p.outHeight === p.height &&
    p.outWidth === p.width,
});

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
  example(1, 2, [37, 21], 3, 1, "symmetric"),
  example(1, 2, [35, 20], 5, 1, "same"),
  example(1, 2, [70, 37], 3, 2, "same"),
  example(1, 2, [67, 33], 5, 2, "symmetric"),
];

/** @param behind what the shaders do with their sums. */
export const depthwiseVariants = (behind: string): readonly Variant<DepthwiseConv2dParameters>[] => [
  depthwiseStripVariant(false, behind),
  {
    name: "stride2",
    shader: columns + stride2 + behind,
    constants: (p) => stride2Constants(p, stripRows(p.outHeight)),
    workgroups: (p) =>
      stripWorkgroups(
        p,
        { height: p.outHeight, width: p.outWidth },
        { rows: stripRows(p.outHeight), width: 4 },
      ),
    supports: supportsStride2,
  },
  {
    name: "plain",
    shader: plain + behind,
    constants: depthwiseConstants,
    workgroups: (p) => [divideUp(p.outHeight * p.outWidth, 64), p.channels, p.batch],
  },
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
  variants: depthwiseVariants(bare),
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
