import columns from "../shaders/columns.wgsl";
import bare from "../shaders/convolution.bare.wgsl";
import strips from "../shaders/depthwiseStrip.wgsl";
import levels from "../shaders/pyramidDepthwiseConv2d.wgsl";
import pyramid from "../shaders/pyramidStrips.wgsl";
import { stripRows, stripWorkgroup } from "./depthwiseConv2d.ts";
import { forEachTap, windowParameters } from "./geometry.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Sizes of the levels, which follow each other pixel after pixel; 0 for a level that is not there. */
export type LevelParameters = {
  [Key in `height${0 | 1 | 2 | 3 | 4 | 5}` | `width${0 | 1 | 2 | 3 | 4 | 5}`]: number;
};

export type PyramidParameters = {
  batch: number;
  channels: number;
  /** Of all levels, and zeros that fill them up. */
  pixels: number;
} & LevelParameters;

export type PyramidDepthwiseConv2dParameters = PyramidParameters & {
  /** Whether taps come in reverse order: the gradient with respect to the input. */
  flipped: boolean;
};

const mostLevels = 6;

export type Level = { start: number; height: number; width: number };

/** The levels that are there, each with its first pixel. */
export function levelsOf(p: PyramidParameters): Level[] {
  let start = 0;
  const levels: Level[] = [];
  for (const index of [0, 1, 2, 3, 4, 5] as const) {
    const [height, width] = [p[`height${index}`], p[`width${index}`]];
    if (height > 0) levels.push({ start, height, width });
    start += height * width;
  }
  return levels;
}

/** @throws Error for more levels than the kernels take. */
export function pyramidParameters(
  batch: number,
  channels: number,
  levels: readonly (readonly [height: number, width: number])[],
  pixels: number,
): PyramidParameters {
  if (levels.length > mostLevels) throw new Error(`a packed pyramid has at most ${mostLevels} levels`);
  const sizes = Array.from({ length: mostLevels }, (_, index) => levels[index] ?? [0, 0]);
  const fields = sizes.flatMap(([height, width], index) => [
    [`height${index}`, height],
    [`width${index}`, width],
  ]);
  return { batch, channels, pixels, ...(Object.fromEntries(fields) as LevelParameters) };
}

/** Strips of a level, `columns` wide. */
const stripsOf = ({ height, width }: Level, columns: number): number =>
  divideUp(height, stripRows(height)) * divideUp(width, columns);

/** Strips of a plane's levels, `columns` wide. */
export const pyramidStrips = (p: PyramidParameters, columns: number): number =>
  levelsOf(p).reduce((sum, level) => sum + stripsOf(level, columns), 0);

/** The fields that pyramidStrips.wgsl reads. */
export function pyramidConstants(p: PyramidParameters, columns: number): Record<string, number> {
  const levels = levelsOf(p);
  const values: Record<string, number> = {
    PLANES: p.batch * p.channels,
    CHANNELS: p.channels,
    PIXELS: p.pixels,
    STRIPS: pyramidStrips(p, columns),
    FILLING: levels.reduce((sum, { height, width }) => sum + height * width, 0),
  };
  let first = 0;
  for (let index = 0; index < mostLevels; index++) {
    const level = levels[index];
    values[`START${index}`] = level?.start ?? 0;
    values[`FIRST${index}`] = level ? first : 0xffffffff;
    values[`HEIGHT${index}`] = level?.height ?? 0;
    values[`WIDTH${index}`] = level?.width ?? 0;
    values[`ROWS${index}`] = level ? stripRows(level.height) : 0;
    if (level) first += stripsOf(level, columns);
  }
  return values;
}

/** Of the convolution: an invocation a strip, and one for each plane's filling. */
const invocations = (p: PyramidParameters): number => p.batch * p.channels * (pyramidStrips(p, 8) + 1);

/** Calls `visit(output pixel, input pixel, tap)` for every product within each level, pixels counted from the first level's. */
export function forEachPyramidTap(
  p: PyramidParameters,
  visit: (output: number, input: number, tap: number) => void,
): void {
  for (const { start, height, width } of levelsOf(p))
    forEachTap(windowParameters(height, width, 3, 1, "symmetric"), (output, input, tap) =>
      visit(start + output, start + input, tap),
    );
}

export const pyramidDepthwiseFlops = (p: PyramidParameters): number => 18 * p.batch * p.channels * p.pixels;

export const pyramidCases: readonly PyramidParameters[] = [
  pyramidParameters(1, 1, [[1, 1]], 4),
  pyramidParameters(
    2,
    3,
    [
      [8, 12],
      [4, 6],
      [2, 3],
    ],
    128,
  ),
  pyramidParameters(
    3,
    5,
    [
      [13, 11],
      [7, 6],
      [4, 3],
      [2, 2],
      [1, 1],
    ],
    204,
  ),
  pyramidParameters(
    1,
    2,
    [
      [3, 5],
      [2, 3],
      [1, 2],
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    28,
  ),
];

/** Depthwise 3x3 of every level. x [batch,channels,pixels], weight [channels,1,3,3]; the filling of y is zero. */
export const pyramidDepthwiseConv2d: Kernel<PyramidDepthwiseConv2dParameters> = {
  name: "pyramidDepthwiseConv2d",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "weight", access: "read", shape: [p.channels, 1, 3, 3] },
    { name: "y", access: "write", shape: [p.batch, p.channels, p.pixels] },
  ],
  variants: [
    {
      name: "strip",
      shader: columns + strips + pyramid + levels + bare,
      tunables: { INTERLEAVED: [1, 0] },
      constants: (p, { INTERLEAVED }) => ({
        ...pyramidConstants(p, 8),
        KERNEL: 3,
        FLIPPED: Number(p.flipped),
        INTERLEAVED,
        WORKGROUP: stripWorkgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(invocations(p), stripWorkgroup)),
    },
  ],
  flops: pyramidDepthwiseFlops,
  reference(p, { x, weight, y }) {
    y.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const taps = weight.subarray((plane % p.channels) * 9);
      const source = x.subarray(plane * p.pixels);
      const target = y.subarray(plane * p.pixels);
      forEachPyramidTap(p, (output, input, tap) => {
        target[output] += taps[p.flipped ? 8 - tap : tap] * source[input];
      });
    }
  },
  cases: pyramidCases.flatMap((p) => [
    { ...p, flipped: false },
    { ...p, flipped: true },
  ]),
};
