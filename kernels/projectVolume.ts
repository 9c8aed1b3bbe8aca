import geometry from "../shaders/coneBeam.wgsl";
import shader from "../shaders/projectVolume.wgsl";
import {
  atHeight,
  bilinear,
  exampleRays,
  frameBindings,
  obliquity,
  readFrame,
  readSource,
  toDetector,
} from "./coneBeam.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type ProjectVolumeParameters = {
  views: number;
  /** Of the detector, with `margin` rows before and after the image's. */
  rows: number;
  columns: number;
  margin: number;
  /** Side of a detector's pixel in the plane z = 0, mm. */
  pixel: number;
  slices: number;
  /** Of the volume, with `volumeMargin` rows before and after the image's. */
  volumeRows: number;
  volumeColumns: number;
  volumeMargin: number;
  /** Side of a voxel in its slice, mm. */
  spacing: number;
  /** Whether the result is what measured integrals, divided by the obliquity, exceed these by, per mm of height. */
  residual: boolean;
};

const workgroup = 64;

/** Line integrals [views, rows, columns] of a volume [slices, volumeRows, volumeColumns] along a cone beam's rays. */
export const projectVolume: Kernel<ProjectVolumeParameters> = {
  name: "projectVolume",
  bindings: (p) => [
    { name: "volume", access: "read", shape: [p.slices, p.volumeRows, p.volumeColumns] },
    { name: "readings", access: "read", shape: p.residual ? [p.views, p.rows, p.columns] : [1] },
    ...frameBindings(p.views),
    { name: "y", access: "write", shape: [p.views, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader: geometry + shader,
      constants: (p) => ({
        VIEWS: p.views,
        ROWS: p.rows,
        COLUMNS: p.columns,
        MARGIN: p.margin,
        SLICES: p.slices,
        VOLUME_ROWS: p.volumeRows,
        VOLUME_COLUMNS: p.volumeColumns,
        VOLUME_MARGIN: p.volumeMargin,
        SPACING: p.spacing,
        PIXEL: p.pixel,
        RESIDUAL: Number(p.residual),
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.views * p.rows * divideUp(p.columns, 4), workgroup)),
    },
  ],
  flops: (p) => (14 * p.slices + 40) * p.views * p.rows * p.columns,
  reference(p, { volume, readings, frame: packed, sources, y }) {
    const frame = readFrame(packed);
    const step = frame.thickness / p.slices;
    for (let i = 0; i < y.length; i++) {
      const [view, row, column] = [
        Math.floor(i / (p.rows * p.columns)),
        (Math.floor(i / p.columns) % p.rows) - p.margin,
        i % p.columns,
      ];
      const source = readSource(sources, view);
      const pixel = toDetector(frame, [(column + 0.5) * p.pixel, (row + 0.5) * p.pixel]);
      let sum = 0;
      for (let k = 0; k < p.slices; k++) {
        const [x, down] = atHeight(frame, source, pixel, (k + 0.5) * step - frame.thickness / 2);
        const start = k * p.volumeRows * p.volumeColumns;
        const at = [down / p.spacing - 0.5 + p.volumeMargin, x / p.spacing - 0.5] as const;
        sum += bilinear(volume, start, p.volumeRows, p.volumeColumns, ...at);
      }
      const integral = step * sum;
      y[i] = p.residual
        ? (readings[i] - integral) / frame.thickness
        : obliquity(frame, source, pixel) * integral;
    }
  },
  cases: [
    example({ views: 1, rows: 1, columns: 1, slices: 1, volumeRows: 1, volumeColumns: 1 }),
    example({
      views: 3,
      rows: 13,
      columns: 7,
      margin: 3,
      slices: 5,
      volumeRows: 17,
      volumeColumns: 7,
      volumeMargin: 5,
    }),
    example({
      views: 2,
      rows: 11,
      columns: 19,
      pixel: 0.6,
      slices: 3,
      volumeRows: 23,
      volumeColumns: 31,
      volumeMargin: 6,
    }),
    example({ views: 2, rows: 7, columns: 5, slices: 4, volumeRows: 7, volumeColumns: 5, residual: true }),
  ],
  testInputs: (p) => exampleRays(p.views, ((p.rows - 2 * p.margin) * p.pixel) / 2),
  tolerance: {
    absolute: 2e-3,
    relative: 1e-4,
    reason:
      "a ray's place is rounded at some hundred mm, 1e-5 mm, which moves a sum of 5 slices of 6 mm by 30 times as much",
  },
};

function example(
  given: Pick<
    ProjectVolumeParameters,
    "views" | "rows" | "columns" | "slices" | "volumeRows" | "volumeColumns"
  > &
    Partial<ProjectVolumeParameters>,
): ProjectVolumeParameters {
  return { margin: 0, pixel: 0.3, volumeMargin: 0, spacing: 0.3, residual: false, ...given };
}
