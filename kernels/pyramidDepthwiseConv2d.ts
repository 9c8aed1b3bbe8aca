import shader from "../shaders/pyramidDepthwiseConv2d.wgsl";
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

const blocksOf = ({ height, width }: Level): number => divideUp(height, 4) * divideUp(width, 4);

/** Blocks of 4x4 of a plane, and one for the filling. */
const blocksOfPlane = (p: PyramidParameters): number =>
  levelsOf(p).reduce((sum, level) => sum + blocksOf(level), 1);

function constants(p: PyramidDepthwiseConv2dParameters): Record<string, number> {
  const levels = levelsOf(p);
  const values: Record<string, number> = {
    FLIPPED: Number(p.flipped),
    PLANES: p.batch * p.channels,
    CHANNELS: p.channels,
    PIXELS: p.pixels,
    BLOCKS: blocksOfPlane(p),
    FILLING: levels.reduce((sum, { height, width }) => sum + height * width, 0),
    WORKGROUP: 64,
  };
  let first = 0;
  for (let index = 0; index < mostLevels; index++) {
    const level = levels[index];
    values[`START${index}`] = level?.start ?? 0;
    values[`FIRST${index}`] = level ? first : 0xffffffff;
    values[`HEIGHT${index}`] = level?.height ?? 0;
    values[`WIDTH${index}`] = level?.width ?? 0;
    if (level) first += blocksOf(level);
  }
  return values;
}

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
      name: "block",
      shader,
      constants,
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.channels * blocksOfPlane(p), 64)),
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
