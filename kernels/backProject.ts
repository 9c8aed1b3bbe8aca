import shader from "../shaders/backProject.wgsl";
import geometry from "../shaders/coneBeam.wgsl";
import {
  bilinear,
  exampleRays,
  frameBindings,
  fromDetector,
  readFrame,
  readSource,
  shadow,
} from "./coneBeam.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type BackProjectParameters = {
  views: number;
  /** Of the detector, with `detectorMargin` rows before and after the image's. */
  detectorRows: number;
  detectorColumns: number;
  detectorMargin: number;
  /** Side of a detector's pixel in the plane z = 0, mm. */
  pixel: number;
  /** Evenly over the breast's thickness, from the detector upwards. */
  slices: number;
  /** Of the slices, with `margin` rows before and after the image's. */
  rows: number;
  columns: number;
  margin: number;
  /** Of the points in a slice, mm. */
  spacing: number;
  /** Factor on the mean over the views. */
  scale: number;
  /** Whether it is added to `addend`. */
  adds: boolean;
};

const workgroup = 64;

/** Slices [slices, rows, columns]: at each point the mean over the views of x [views, detectorRows, detectorColumns] there. */
export const backProject: Kernel<BackProjectParameters> = {
  name: "backProject",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.views, p.detectorRows, p.detectorColumns] },
    ...frameBindings(p.views),
    { name: "addend", access: "read", shape: p.adds ? [p.slices, p.rows, p.columns] : [1] },
    { name: "y", access: "write", shape: [p.slices, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader: geometry + shader,
      constants: (p) => ({
        VIEWS: p.views,
        DETECTOR_ROWS: p.detectorRows,
        DETECTOR_COLUMNS: p.detectorColumns,
        DETECTOR_MARGIN: p.detectorMargin,
        SLICES: p.slices,
        ROWS: p.rows,
        COLUMNS: p.columns,
        MARGIN: p.margin,
        PIXEL: p.pixel,
        SPACING: p.spacing,
        SCALE: p.scale,
        ADDS: Number(p.adds),
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.slices * p.rows * divideUp(p.columns, 4), workgroup)),
    },
  ],
  flops: (p) => 28 * p.views * p.slices * p.rows * p.columns,
  reference(p, { x, frame: packed, sources, addend, y }) {
    const frame = readFrame(packed);
    for (let i = 0; i < y.length; i++) {
      const line = Math.floor(i / p.columns);
      const [slice, row, column] = [Math.floor(line / p.rows), (line % p.rows) - p.margin, i % p.columns];
      const z = ((slice + 0.5) / p.slices - 0.5) * frame.thickness;
      let sum = 0;
      for (let view = 0; view < p.views; view++) {
        const point = [(column + 0.5) * p.spacing, (row + 0.5) * p.spacing, z] as const;
        const [right, down] = fromDetector(frame, shadow(frame, readSource(sources, view), point));
        const start = view * p.detectorRows * p.detectorColumns;
        const at = [down / p.pixel - 0.5 + p.detectorMargin, right / p.pixel - 0.5] as const;
        sum += bilinear(x, start, p.detectorRows, p.detectorColumns, ...at);
      }
      y[i] = (p.adds ? addend[i] : 0) + (p.scale * sum) / p.views;
    }
  },
  cases: [
    example({ views: 1, detectorRows: 1, detectorColumns: 1, slices: 1, rows: 1, columns: 1 }),
    example({
      views: 3,
      detectorRows: 21,
      detectorColumns: 13,
      detectorMargin: 4,
      slices: 5,
      rows: 13,
      columns: 11,
    }),
    example({
      views: 2,
      detectorRows: 9,
      detectorColumns: 7,
      pixel: 0.6,
      slices: 2,
      rows: 17,
      columns: 13,
      margin: 2,
    }),
    example({
      views: 2,
      detectorRows: 9,
      detectorColumns: 7,
      slices: 3,
      rows: 9,
      columns: 7,
      scale: 0.5,
      adds: true,
    }),
  ],
  testInputs: (p) => exampleRays(p.views, ((p.rows - 2 * p.margin) * p.spacing) / 2),
  tolerance: {
    absolute: 1e-3,
    relative: 1e-4,
    reason: "a ray's place is rounded at some hundred mm, 1e-4 of a pixel, between values of ±1",
  },
};

function example(
  given: Pick<
    BackProjectParameters,
    "views" | "detectorRows" | "detectorColumns" | "slices" | "rows" | "columns"
  > &
    Partial<BackProjectParameters>,
): BackProjectParameters {
  return { detectorMargin: 0, pixel: 0.3, margin: 0, spacing: 0.3, scale: 1, adds: false, ...given };
}
