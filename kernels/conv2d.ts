import plain from "../shaders/conv2d.plain.wgsl";
import tiled from "../shaders/conv2d.wgsl";
import bare from "../shaders/convolution.bare.wgsl";
import {
  forEachTap,
  type Padding,
  type WindowParameters,
  windowConstants,
  windowParameters,
} from "./geometry.ts";
import { divideUp, type Kernel, linearWorkgroups, type Variant } from "./kernel.ts";

export type Conv2dParameters = { batch: number; channels: number; filters: number } & WindowParameters;

/** Shapes shared by the convolution and its two gradients. */
export function conv2dShapes(p: Conv2dParameters) {
  return {
    x: [p.batch, p.channels, p.height, p.width],
    weight: [p.filters, p.channels, p.kernel, p.kernel],
    y: [p.batch, p.filters, p.outHeight, p.outWidth],
  };
}

export function conv2dConstants(p: Conv2dParameters): Record<string, number> {
  return { CHANNELS: p.channels, FILTERS: p.filters, ...windowConstants(p), WORKGROUP: 64 };
}

export const conv2dFlops = (p: Conv2dParameters): number =>
  2 * p.batch * p.filters * p.channels * p.outHeight * p.outWidth * p.kernel * p.kernel;

/** Calls `visit` with offsets into y, x and weight for every product that the convolution sums. */
export function forEachProduct(
  p: Conv2dParameters,
  visit: (output: number, input: number, tap: number) => void,
): void {
  for (let sample = 0; sample < p.batch; sample++)
    for (let filter = 0; filter < p.filters; filter++)
      for (let channel = 0; channel < p.channels; channel++) {
        const target = (sample * p.filters + filter) * p.outHeight * p.outWidth;
        const source = (sample * p.channels + channel) * p.height * p.width;
        const taps = (filter * p.channels + channel) * p.kernel ** 2;
        forEachTap(p, (output, input, tap) => visit(target + output, source + input, taps + tap));
      }
}

const example = (
  batch: number,
  [channels, filters]: [number, number],
  size: [number, number],
  padding: Padding,
  stride = 2,
): Conv2dParameters => ({ batch, channels, filters, ...windowParameters(...size, 3, stride, padding) });

export const conv2dCases: readonly Conv2dParameters[] = [
  example(1, [1, 1], [1, 1], "symmetric"),
  example(2, [3, 5], [13, 11], "symmetric"),
  example(2, [1, 7], [8, 12], "same"),
  example(1, [3, 8], [17, 19], "same"),
  example(3, [2, 3], [9, 7], "symmetric", 1),
  example(2, [3, 4], [11, 10], "same", 1),
  example(2, [1, 12], [10, 9], "symmetric"),
  example(2, [1, 5], [67, 301], "same"),
];

/** @param behind what the shaders do with their sums. */
export const conv2dVariants = (behind: string): readonly Variant<Conv2dParameters>[] => [
  {
    name: "tiled",
    shader: tiled + behind,
    constants(p) {
      const { KERNEL, ...constants } = conv2dConstants(p);
      return { BATCH: p.batch, ...constants };
    },
    workgroups(p) {
      const quads = divideUp(p.outWidth, 4) * p.outHeight;
      return linearWorkgroups(divideUp(p.batch * (p.filters / 4) * quads, 64));
    },
    supports: (p) => p.kernel === 3 && (p.stride === 1 || p.stride === 2) && p.filters % 4 === 0,
  },
  {
    name: "plain",
    shader: plain + behind,
    constants: conv2dConstants,
    workgroups: (p) => [divideUp(p.outHeight * p.outWidth, 64), p.filters, p.batch],
  },
];

/** Dense convolution without bias. x [batch,channels,height,width], weight [filters,channels,kernel,kernel]. */
export const conv2d: Kernel<Conv2dParameters> = {
  name: "conv2d",
  bindings(p) {
    const shapes = conv2dShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "y", access: "write", shape: shapes.y },
    ];
  },
  variants: conv2dVariants(bare),
  flops: conv2dFlops,
  reference(p, { x, weight, y }) {
    y.fill(0);
    forEachProduct(p, (output, input, tap) => {
      y[output] += weight[tap] * x[input];
    });
  },
  cases: conv2dCases,
};
