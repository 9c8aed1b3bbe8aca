import shader from "../shaders/fuse.wgsl";
import sources from "../shaders/fuseSources.wgsl";
import { swish } from "./functions.ts";
import { type Padding, slideWindow } from "./geometry.ts";
import { type Binding, type Buffers, divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** One input's size and how it is brought to the output's. */
type SourceParameters<I extends 0 | 1 | 2> = {
  [Key in `height${I}` | `width${I}` | `padTop${I}` | `padLeft${I}` | `mode${I}`]: number;
};

export type FuseParameters = {
  /** Inputs that count, 1 to 3; parameters of the others repeat the last one, their bindings hold one element. */
  count: number;
  normalized: boolean;
  /** Whether swish follows the weighted sum. */
  swish: boolean;
  /** Batch times channels. */
  planes: number;
  height: number;
  width: number;
} & SourceParameters<0> &
  SourceParameters<1> &
  SourceParameters<2>;

export const fuseEpsilon = 1e-4;
export const modes = { same: 0, upsample: 1, maxPool: 2 } as const;

/** Elements of one invocation: enough to spread what it costs to start one in software. */
export const fuseTunables = { RUN: [4, 1, 2, 8] };

/** Shaders divide indices within a map in float32, which is exact for so many pixels a side. */
const maxSide = 1024;

export interface Source {
  readonly height: number;
  readonly width: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly mode: number;
}

/**
 * How a map of one size is brought to another: left alone, upsampled, or max-pooled once.
 * @throws Error when a pool of stride 2 does not lead there.
 */
export function resampleSource(
  [height, width]: readonly [number, number],
  [outHeight, outWidth]: readonly [number, number],
  padding: Padding,
): Source {
  if (height === outHeight && width === outWidth)
    return { height, width, padTop: 0, padLeft: 0, mode: modes.same };
  if (height <= outHeight && width <= outWidth)
    return { height, width, padTop: 0, padLeft: 0, mode: modes.upsample };
  const vertical = slideWindow(height, 3, 2, padding);
  const horizontal = slideWindow(width, 3, 2, padding);
  if (vertical.output !== outHeight || horizontal.output !== outWidth)
    throw new Error(
      `fuse: ${height}x${width} cannot be brought to ${outHeight}x${outWidth} by one pool of stride 2`,
    );
  return { height, width, padTop: vertical.before, padLeft: horizontal.before, mode: modes.maxPool };
}

/** @throws Error when a side of the output has more than 1024 pixels, or inputs of several sizes are upsampled. */
export function fuseParameters(
  planes: number,
  output: readonly [number, number],
  sources: readonly Source[],
  flags: Pick<FuseParameters, "normalized" | "swish">,
): FuseParameters {
  if (Math.max(...output) > maxSide)
    throw new Error(`fuse: an output of ${output.join("x")} pixels, at most ${maxSide} a side can be`);
  const coarser = sources.filter(({ mode }) => mode === modes.upsample);
  const sizes = new Set(coarser.map(({ height, width }) => `${height}x${width}`));
  if (sizes.size > 1)
    throw new Error(`fuse: inputs of ${[...sizes].join(" and ")} to upsample, one size there can be`);
  const fields = [0, 1, 2].flatMap((index) => {
    const source = sources[Math.min(index, sources.length - 1)];
    return Object.entries(source).map(([name, value]) => [`${name}${index}`, value]);
  });
  const [height, width] = output;
  return { count: sources.length, ...flags, planes, height, width, ...Object.fromEntries(fields) };
}

export function sourceOf(p: FuseParameters, index: number): Source {
  const at = index as 0;
  return {
    height: p[`height${at}`],
    width: p[`width${at}`],
    padTop: p[`padTop${at}`],
    padLeft: p[`padLeft${at}`],
    mode: p[`mode${at}`],
  };
}

export function fuseConstants(p: FuseParameters): Record<string, number> {
  const constants: Record<string, number> = {
    COUNT: p.count,
    NORMALIZED: Number(p.normalized),
    SWISH: Number(p.swish),
    PLANES: p.planes,
    HEIGHT: p.height,
    WIDTH: p.width,
    WORKGROUP: 64,
  };
  for (const index of [0, 1, 2]) {
    const source = sourceOf(p, index);
    constants[`MODE${index}`] = source.mode;
    constants[`HEIGHT${index}`] = source.height;
    constants[`WIDTH${index}`] = source.width;
    constants[`PAD_TOP${index}`] = source.padTop;
    constants[`PAD_LEFT${index}`] = source.padLeft;
  }
  return constants;
}

/** x0, x1, x2 and the weights. */
export function fuseInputs(p: FuseParameters): Binding[] {
  const maps = [0, 1, 2].map((index): Binding => {
    const { height, width } = sourceOf(p, index);
    const shape = index < p.count ? [p.planes, height, width] : [1];
    return { name: `x${index}`, access: "read", shape };
  });
  return [...maps, { name: "weights", access: "read", shape: [p.count] }];
}

/** What fuseGradSum says of pools: one element where there is none. */
export const takenShape = (p: FuseParameters): number[] =>
  [0, 1, 2].some((index) => sourceOf(p, index).mode === modes.maxPool) ? [p.planes, p.height, p.width] : [1];

const placeOf = (p: FuseParameters, output: number) => ({
  plane: Math.floor(output / (p.height * p.width)),
  row: Math.floor(output / p.width) % p.height,
  column: output % p.width,
});

/**
 * Index into an input of the element that an output element takes; −1 when that lies outside.
 * @param tap of a pool's window, row · 3 + column.
 */
export function takenIndex(p: FuseParameters, source: Source, output: number, tap: number): number {
  const { plane, row, column } = placeOf(p, output);
  const { height, width, mode } = source;
  let [y, x] = [row, column];
  if (mode === modes.upsample)
    [y, x] = [Math.floor((row * height) / p.height), Math.floor((column * width) / p.width)];
  if (mode === modes.maxPool)
    [y, x] = [2 * row + Math.floor(tap / 3) - source.padTop, 2 * column + (tap % 3) - source.padLeft];
  return y >= 0 && y < height && x >= 0 && x < width ? (plane * height + y) * width + x : -1;
}

/** The tap that a pool takes for an output element: its window's first maximum; 0 for other sources. */
export function takenTap(p: FuseParameters, source: Source, x: Float64Array, output: number): number {
  if (source.mode !== modes.maxPool) return 0;
  const value = (tap: number) => {
    const index = takenIndex(p, source, output, tap);
    return index < 0 ? -Infinity : x[index];
  };
  return Array.from({ length: 9 }, (_, tap) => tap).reduce((best, tap) =>
    value(tap) > value(best) ? tap : best,
  );
}

/** What an input contributes to an output element, before its weight. */
export function resampled(p: FuseParameters, index: number, x: Float64Array, output: number): number {
  const source = sourceOf(p, index);
  return x[takenIndex(p, source, output, takenTap(p, source, x, output))];
}

/** relu(w_i) / S of every input. */
export function edgeFactors(p: FuseParameters, weights: Float64Array): number[] {
  const positive = Array.from(weights.subarray(0, p.count), (weight) => Math.max(weight, 0));
  const total = p.normalized ? positive.reduce((sum, weight) => sum + weight, 0) + fuseEpsilon : 1;
  return positive.map((weight) => weight / total);
}

/** An element of what fuse computes, before swish. */
export function weightedSum(p: FuseParameters, buffers: Buffers, output: number): number {
  const factors = edgeFactors(p, buffers.weights);
  return factors.reduce((sum, factor, k) => sum + factor * resampled(p, k, buffers[`x${k}`], output), 0);
}

const example = (
  planes: number,
  output: [number, number],
  sizes: [number, number][],
  padding: Padding,
  flags: Partial<Pick<FuseParameters, "normalized" | "swish">> = {},
): FuseParameters =>
  fuseParameters(
    planes,
    output,
    sizes.map((size) => resampleSource(size, output, padding)),
    { normalized: true, swish: false, ...flags },
  );

export const fuseCases: readonly FuseParameters[] = [
  example(1, [1, 1], [[1, 1]], "symmetric", { normalized: false }),
  example(3, [4, 5], [[7, 9]], "symmetric", { normalized: false }),
  example(3, [4, 5], [[8, 10]], "same", { normalized: false }),
  example(2, [7, 11], [[4, 6]], "same", { normalized: false }),
  example(
    6,
    [7, 9],
    [
      [7, 9],
      [4, 5],
    ],
    "symmetric",
  ),
  example(
    4,
    [5, 3],
    [
      [5, 3],
      [5, 3],
      [10, 5],
    ],
    "same",
    { swish: true },
  ),
  example(
    5,
    [6, 7],
    [
      [6, 7],
      [6, 7],
      [12, 13],
    ],
    "symmetric",
    { normalized: false, swish: true },
  ),
  example(
    3,
    [5, 9],
    [
      [10, 17],
      [3, 5],
      [5, 9],
    ],
    "symmetric",
    { swish: true },
  ),
  example(
    2,
    [6, 7],
    [
      [2, 3],
      [12, 14],
      [2, 3],
    ],
    "symmetric",
  ),
];

/** Of three weights one is negative, so that its map must not count. */
export function weightInput(p: FuseParameters): Buffers {
  return { weights: Float64Array.of(0.75, p.count > 2 ? -0.5 : 1.25, 1.5).slice(0, p.count) };
}

/** Weighted sum of feature maps resampled to one size, and swish of it. x_i [planes, height_i, width_i] → y [planes, height, width]. */
export const fuse: Kernel<FuseParameters> = {
  name: "fuse",
  bindings: (p) => [...fuseInputs(p), { name: "y", access: "write", shape: [p.planes, p.height, p.width] }],
  variants: [
    {
      name: "plain",
      shader: sources + shader,
      tunables: fuseTunables,
      constants: (p, { RUN }) => ({ ...fuseConstants(p), RUN }),
      workgroups: (p, { RUN }) => linearWorkgroups(divideUp(p.planes * p.height * p.width, 64 * RUN)),
    },
  ],
  flops: (p) => (2 * p.count + (p.swish ? 4 : 0)) * p.planes * p.height * p.width,
  reference(p, buffers) {
    const { y } = buffers;
    for (let i = 0; i < y.length; i++) {
      const z = weightedSum(p, buffers, i);
      y[i] = p.swish ? swish(z) : z;
    }
  },
  cases: fuseCases,
  testInputs: weightInput,
};
