import shader from "../shaders/shellFilter.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type ShellFilterParameters = {
  slices: number;
  rows: number;
  columns: number;
  /** Of the ball, in voxels; the shell about it is one voxel thick. */
  radius: number;
};

const workgroup = 64;

/** Weight of a voxel at a squared distance: those of the ball sum to 2, those of the shell to −1 (T-SYNTH's, for radius 4). */
export function shellWeights(radius: number): { inner: number; outer: number } {
  let [ball, shell] = [0, 0];
  for (let z = -radius; z <= radius; z++)
    for (let y = -radius; y <= radius; y++)
      for (let x = -radius; x <= radius; x++) {
        const square = x * x + y * y + z * z;
        if (square < radius ** 2) ball++;
        else if (square < (radius + 1) ** 2) shell++;
      }
  return { inner: 2 / ball, outer: -1 / shell };
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * x [slices, rows, columns], limited to mean ± 2 standard deviations, correlated with a ball less the shell about it; `moments`
 * are those of `batchNormMoments` over all of x.
 */
export const shellFilter: Kernel<ShellFilterParameters> = {
  name: "shellFilter",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.slices, p.rows, p.columns] },
    { name: "moments", access: "read", shape: [1, 2] },
    { name: "y", access: "write", shape: [p.slices, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => {
        const { inner, outer } = shellWeights(p.radius);
        const { slices, rows, columns, radius } = p;
        return {
          SLICES: slices,
          ROWS: rows,
          COLUMNS: columns,
          RADIUS: radius,
          INNER: inner,
          OUTER: outer,
          WORKGROUP: workgroup,
        };
      },
      workgroups: (p) => linearWorkgroups(divideUp(p.slices * p.rows * divideUp(p.columns, 4), workgroup)),
    },
  ],
  flops: (p) => 2 * (2 * p.radius + 1) ** 3 * p.slices * p.rows * p.columns,
  reference(p, { x, moments: [mean, squares], y }) {
    const { inner, outer } = shellWeights(p.radius);
    const spread = 2 * Math.sqrt(squares / x.length);
    const at = (k: number, i: number, j: number) => {
      const [z, row, column] = [
        clamp(k, 0, p.slices - 1),
        clamp(i, 0, p.rows - 1),
        clamp(j, 0, p.columns - 1),
      ];
      return clamp(x[(z * p.rows + row) * p.columns + column], mean - spread, mean + spread);
    };
    const { radius } = p;
    for (let index = 0; index < y.length; index++) {
      const [k, i, j] = [
        Math.floor(index / (p.rows * p.columns)),
        Math.floor(index / p.columns) % p.rows,
        index % p.columns,
      ];
      let sum = 0;
      for (let z = -radius; z <= radius; z++)
        for (let row = -radius; row <= radius; row++)
          for (let column = -radius; column <= radius; column++) {
            const square = z * z + row * row + column * column;
            const weight = square < radius ** 2 ? inner : square < (radius + 1) ** 2 ? outer : 0;
            if (weight !== 0) sum += weight * at(k + z, i + row, j + column);
          }
      y[index] = sum;
    }
  },
  cases: [
    { slices: 1, rows: 1, columns: 1, radius: 4 },
    { slices: 5, rows: 7, columns: 13, radius: 4 },
    { slices: 11, rows: 5, columns: 6, radius: 2 },
  ],
  testInputs: (p) => ({ moments: Float64Array.of(0.1, 0.09 * p.slices * p.rows * p.columns) }),
};
