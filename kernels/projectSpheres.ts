import geometry from "../shaders/coneBeam.wgsl";
import shader from "../shaders/projectSpheres.wgsl";
import {
  exampleRays,
  type Frame,
  frameBindings,
  fromDetector,
  magnification,
  obliquity,
  readFrame,
  readSource,
  shadow,
} from "./coneBeam.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type ProjectSpheresParameters = {
  views: number;
  /** Of the detector, with `margin` rows before and after the image's. */
  rows: number;
  columns: number;
  margin: number;
  /** Side of a detector's pixel in the plane z = 0, mm. */
  pixel: number;
  spheres: number;
};

/** Rows are few: more of them a workgroup would leave cores idle. */
const workgroup = 8;

/** Nodes and weights of Gauss and Legendre's rule of four points on ±1. */
const gauss = [
  [-0.8611363115940526, 0.34785484513745385],
  [-0.33998104358485626, 0.6521451548625461],
  [0.33998104358485626, 0.6521451548625461],
  [0.8611363115940526, 0.34785484513745385],
] as const;

/** ∫ √(s − u²) du from `low` to `high`, where s ≥ u². */
function halfDisc(s: number, low: number, high: number): number {
  const a = Math.sqrt(s);
  const primitive = (value: number) => {
    const u = Math.min(Math.max(value, -a), a);
    return (u * Math.sqrt(Math.max(s - u * u, 0)) + s * Math.asin(Math.min(Math.max(u / a, -1), 1))) / 2;
  };
  return primitive(high) - primitive(low);
}

/** ∫∫ √(ρ² − u² − v²) over columns [left, left + side] and rows [top, top + side] about the shadow's middle. */
function shadowIntegral(rho: number, left: number, top: number, side: number): number {
  const [from, to] = [Math.max(left, -rho), Math.min(left + side, rho)];
  if (from >= to) return 0;
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  return gauss.reduce((sum, [node, weight]) => {
    const square = Math.max(rho * rho - (middle + half * node) ** 2, 1e-12);
    return sum + weight * half * halfDisc(square, top, top + side);
  }, 0);
}

function addSphere(
  p: ProjectSpheresParameters,
  frame: Frame,
  sources: Float64Array,
  [x, y, z, radius, excess]: Float64Array,
  out: Float64Array,
): void {
  for (let view = 0; view < p.views; view++) {
    const source = readSource(sources, view);
    const hit = shadow(frame, source, [x, y, z]);
    const [middleX, middleY] = fromDetector(frame, hit);
    const rho = (radius * (source[2] - frame.detector)) / (source[2] - z) / magnification(frame);
    const scale = (excess * 2 * radius * obliquity(frame, source, hit)) / rho / p.pixel ** 2;
    for (let row = 0; row < p.rows; row++)
      for (let column = 0; column < p.columns; column++) {
        const [left, top] = [column * p.pixel - middleX, (row - p.margin) * p.pixel - middleY];
        const at = (view * p.rows + row) * p.columns + column;
        out[at] += scale * shadowIntegral(rho, left, top, p.pixel);
      }
  }
}

/**
 * Adds the line integrals of spheres [spheres, 5] (x, y, z and radius in mm, excess attenuation in 1/mm; radius 0 ends the list) to
 * y [views, rows, columns], averaged over the pixels' squares.
 */
export const projectSpheres: Kernel<ProjectSpheresParameters> = {
  name: "projectSpheres",
  bindings: (p) => [
    { name: "spheres", access: "read", shape: [p.spheres, 5] },
    ...frameBindings(p.views),
    { name: "y", access: "readWrite", shape: [p.views, p.rows, p.columns] },
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
        SPHERES: p.spheres,
        PIXEL: p.pixel,
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.views * p.rows, workgroup)),
    },
  ],
  // A sphere's shadow is taken for four pixels.
  flops: (p) => p.views * p.spheres * (20 * p.rows + 4 * 120),
  reference(p, { spheres, frame: packed, sources, y }) {
    const frame = readFrame(packed);
    for (let s = 0; s < p.spheres && spheres[5 * s + 3] > 0; s++)
      addSphere(p, frame, sources, spheres.subarray(5 * s, 5 * s + 5), y);
  },
  cases: [
    { views: 1, rows: 1, columns: 1, margin: 0, pixel: 0.3, spheres: 1 },
    { views: 3, rows: 23, columns: 19, margin: 4, pixel: 0.3, spheres: 7 },
    { views: 2, rows: 11, columns: 13, margin: 2, pixel: 0.7, spheres: 5 },
  ],
  testInputs(p, uniform) {
    const rows = p.rows - 2 * p.margin;
    const spheres = new Float64Array(5 * p.spheres);
    for (let s = 0; s < p.spheres; s++) {
      const [x, y] = [p.columns, rows].map((count) => ((uniform() + 1.1) / 2) * count * p.pixel);
      // From specks within a pixel to shadows of many; the last of seven ends the list.
      const radius = s === 6 ? 0 : 0.1 * 3 ** (s % 3);
      spheres.set([x, y, 10 * uniform(), radius, 0.5], 5 * s);
    }
    return { ...exampleRays(p.views, (rows * p.pixel) / 2), spheres };
  },
  tolerance: {
    absolute: 2e-3,
    relative: 1e-3,
    reason:
      "a shadow's place is rounded at some hundred mm, 1e-5 mm, and a rim's integral is a difference of larger ones",
  },
};
