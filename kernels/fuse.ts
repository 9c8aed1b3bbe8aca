import shader from "../shaders/fuse.wgsl";
import { type Padding, slideWindow } from "./geometry.ts";
import { type Binding, type Buffers, divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** One input's size and how it is brought to the output's. */
type SourceParameters<I extends 0 | 1 | 2> = {
  [Key in `height${I}` | `width${I}` | `padTop${I}` | `padLeft${I}` | `mode${I}`]: number;
};

export type FuseParameters = {
  /** Inputs that count, 1 to 3; parameters and bindings of the others repeat the last one. */
  count: number;
  normalized: boolean;
  /** Batch times channels. */
  planes: number;
  height: number;
  width: number;
} & SourceParameters<0> &
  SourceParameters<1> &
  SourceParameters<2>;

export const fuseEpsilon = 1e-4;
export const modes = { same: 0, upsample: 1, maxPool: 2 } as const;

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

export function fuseParameters(
  planes: number,
  output: readonly [number, number],
  sources: readonly Source[],
  normalized: boolean,
): FuseParameters {
  const fields = [0, 1, 2].flatMap((index) => {
    const source = sources[Math.min(index, sources.length - 1)];
    return Object.entries(source).map(([name, value]) => [`${name}${index}`, value]);
  });
  const [height, width] = output;
  return { count: sources.length, normalized, planes, height, width, ...Object.fromEntries(fields) };
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
    return { name: `x${index}`, access: "read", shape: [p.planes, height, width] };
  });
  return [...maps, { name: "weights", access: "read", shape: [p.count] }];
}

/** The input pixels of one plane that an output pixel may take; of a pool's, the maximum is taken. */
export function takenPixels(
  source: Source,
  height: number,
  width: number,
  row: number,
  column: number,
): number[] {
  if (source.mode === modes.same) return [row * width + column];
  if (source.mode === modes.upsample) {
    const y = Math.floor((row * source.height) / height);
    return [y * source.width + Math.floor((column * source.width) / width)];
  }
  const pixels: number[] = [];
  for (let tap = 0; tap < 9; tap++) {
    const y = 2 * row + Math.floor(tap / 3) - source.padTop;
    const x = 2 * column + (tap % 3) - source.padLeft;
    if (y >= 0 && y < source.height && x >= 0 && x < source.width) pixels.push(y * source.width + x);
  }
  return pixels;
}

/** Index into an input of the element that an output element takes: of a pool's, the first maximum. */
export function takenIndex(p: FuseParameters, source: Source, x: Float64Array, output: number): number {
  const plane = Math.floor(output / (p.height * p.width)) * source.height * source.width;
  const row = Math.floor(output / p.width) % p.height;
  const pixels = takenPixels(source, p.height, p.width, row, output % p.width);
  return plane + pixels.reduce((best, pixel) => (x[plane + pixel] > x[plane + best] ? pixel : best));
}

/** relu(w_i) / S of every input. */
export function edgeFactors(p: FuseParameters, weights: Float64Array): number[] {
  const positive = Array.from(weights.subarray(0, p.count), (weight) => Math.max(weight, 0));
  const total = p.normalized ? positive.reduce((sum, weight) => sum + weight, 0) + fuseEpsilon : 1;
  return positive.map((weight) => weight / total);
}

const example = (
  planes: number,
  output: [number, number],
  sizes: [number, number][],
  padding: Padding,
  normalized = true,
): FuseParameters =>
  fuseParameters(
    planes,
    output,
    sizes.map((size) => resampleSource(size, output, padding)),
    normalized,
  );

export const fuseCases: readonly FuseParameters[] = [
  example(1, [1, 1], [[1, 1]], "symmetric", false),
  example(3, [4, 5], [[7, 9]], "symmetric", false),
  example(3, [4, 5], [[8, 10]], "same", false),
  example(2, [7, 11], [[4, 6]], "same", false),
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
    false,
  ),
];

/** Of three weights one is negative, so that its map must not count. */
export function weightInput(p: FuseParameters): Buffers {
  return { weights: Float64Array.of(0.75, p.count > 2 ? -0.5 : 1.25, 1.5).slice(0, p.count) };
}

/** Weighted sum of feature maps resampled to one size. x_i [planes, height_i, width_i] → y [planes, height, width]. */
export const fuse: Kernel<FuseParameters> = {
  name: "fuse",
  bindings: (p) => [...fuseInputs(p), { name: "y", access: "write", shape: [p.planes, p.height, p.width] }],
  variants: [
    {
      name: "plain",
      shader,
      constants: fuseConstants,
      workgroups: (p) => linearWorkgroups(divideUp(p.planes * p.height * p.width, 64)),
    },
  ],
  flops: (p) => 2 * p.count * p.planes * p.height * p.width,
  reference(p, buffers) {
    const factors = edgeFactors(p, buffers.weights);
    buffers.y.fill(0);
    factors.forEach((factor, index) => {
      const x = buffers[`x${index}`];
      const source = sourceOf(p, index);
      for (let i = 0; i < buffers.y.length; i++) buffers.y[i] += factor * x[takenIndex(p, source, x, i)];
    });
  },
  cases: fuseCases,
  testInputs: weightInput,
};
