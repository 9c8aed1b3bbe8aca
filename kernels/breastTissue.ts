import shader from "../shaders/breastTissue.wgsl";
import { bilinear } from "./coneBeam.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type BreastTissueParameters = {
  slices: number;
  /** Of the volume, with `margin` rows before and after the image's. */
  rows: number;
  margin: number;
  columns: number;
  /** Of the fields, which may have a few more. */
  fieldColumns: number;
  /** Side of a voxel in its slice, mm. */
  spacing: number;
  /** Rows of the table, some of which may be unused. */
  lesions: number;
};

const workgroup = 64;

/** Attenuation at 20 keV in 1/mm; src/phantom/materials.ts says whence. */
const [fat, gland, skin] = [0.0513, 0.0767, 0.0841];
/** Passage from fat to gland in standard deviations of the field, so that projections have the slope of mammograms. */
const interfaceWidth = 2.2;
const stroma = { mean: 0.06, contrast: 0.1 };
/** Share of gland in the middle of a ligament's sheet, and half the sheet's width in deviations of the field. */
const ligament = { share: 0.45, width: 0.09 };
const skinThickness = 1.5;
/** Fat without gland beneath the skin. */
const subcutaneousFat = 5;
/** How far the compressed breast's rounded edge recedes at the paddles. */
const edgeRounding = 9;
/** Exponent of the outline's superellipse. */
const roundness = 2.2;
/** Polar and azimuthal steps of a lesion's map. */
export const lesionMap = [64, 128] as const;
/** Width of a distortion's pull, a Gaussian's standard deviation in its radii. */
const pullWidth = 0.6;
/** Heights sampled in each slice, as slices are several times thicker than pixels. */
const heightSamples = 5;

/** A breast's numbers as the shader reads them. */
export interface BreastShape {
  /** Compressed, mm. */
  readonly thickness: number;
  /** Of the first field: gland is above. */
  readonly glandAbove: number;
  /** The outline's superellipse: x of its middle, its half-axes along x and y, and the y of its middle, mm. */
  readonly chest: number;
  readonly depth: number;
  readonly half: number;
  readonly middle: number;
}

export const packBreast = ({ thickness, glandAbove, chest, depth, middle, half }: BreastShape): number[] => [
  thickness,
  glandAbove,
  chest,
  depth,
  middle,
  half,
];

const unpackBreast = ([thickness, glandAbove, chest, depth, middle, half]: Float64Array): BreastShape => ({
  thickness,
  glandAbove,
  chest,
  depth,
  middle,
  half,
});

export const lesionKinds = { none: 0, mass: 1, distortion: 2 } as const;

/** A lesion's row of twelve numbers. */
export interface LesionRow {
  readonly kind: number;
  readonly center: readonly [x: number, y: number, z: number];
  /** Stretch of the three axes. */
  readonly axes: readonly [number, number, number];
  readonly radius: number;
  readonly attenuation: number;
  /** Share of the tissue within that is replaced. */
  readonly solid: number;
  /** Farthest from the centre that it replaces anything. */
  readonly reach: number;
  readonly pull: number;
}

export const packLesion = (lesion: LesionRow): number[] => {
  const { kind, center, axes, radius, attenuation, solid, reach, pull } = lesion;
  return [kind, ...center, ...axes, radius, attenuation, solid, reach, pull];
};

function unpackLesion(table: Float64Array, index: number): LesionRow {
  const [kind, x, y, z, a, b, c, radius, attenuation, solid, reach, pull] = table.subarray(
    12 * index,
    12 * index + 12,
  );
  return { kind, center: [x, y, z], axes: [a, b, c], radius, attenuation, solid, reach, pull };
}

const saturate = (value: number): number => Math.min(Math.max(value, 0), 1);

/** Attenuation of tissue by its three fields: gland, stroma, ligaments. */
function tissue(glandAbove: number, [a, b, c]: readonly number[]): number {
  const t = saturate((a - glandAbove) / interfaceWidth + 0.5);
  const glandular = t * t * (3 - 2 * t);
  const loose =
    Math.max(stroma.mean + stroma.contrast * b, 0) +
    ligament.share * Math.max(1 - Math.abs(c) / ligament.width, 0);
  return fat + (glandular + (1 - glandular) * Math.min(loose, 1)) * (gland - fat);
}

function recess(z: number, thickness: number): number {
  const u = Math.min(Math.abs(2 * z) / thickness, 1);
  return edgeRounding * (1 - Math.max(1 - u ** 2.5, 0) ** 0.4);
}

type Point = readonly [x: number, y: number, z: number];

/** Depth below the skin's surface in mm; the surface is blurred over `softness`, the breadth at which it runs through a slice. */
export function depthBelowSkin(breast: BreastShape, [x, y, z]: Point, step: number, spacing: number) {
  const u = Math.abs((y - breast.middle) / breast.half);
  const inside = 1 - u ** roundness;
  const near = Math.max(Math.abs(z) - step / 2, 0);
  const softness = Math.max(spacing, recess(near + step, breast.thickness) - recess(near, breast.thickness));
  if (inside <= 0) return { depth: -softness, softness };
  const edge = breast.depth * inside ** (1 / roundness);
  const slope = ((edge / inside) * u ** (roundness - 1)) / breast.half;
  const across = breast.chest + edge - recess(z, breast.thickness) - x;
  return { depth: across / Math.hypot(1, slope), softness };
}

function beneathSkin(inner: number, depth: number, softness: number): number {
  const inBreast = saturate(depth / softness + 0.5);
  const inSkin = saturate((skinThickness - depth) / softness + 0.5);
  const share = saturate((depth - skinThickness) / subcutaneousFat);
  return inBreast * ((1 - inSkin) * (fat + share * (inner - fat)) + inSkin * skin);
}

/** A lesion's surface in a direction, as a fraction of its radius: bilinear in its map, whose azimuth goes round. */
function surface(map: ArrayLike<number>, [x, y, z]: Point): number {
  const [rows, columns] = lesionMap;
  const row = Math.min(
    Math.max((Math.acos(Math.min(Math.max(z, -1), 1)) / Math.PI) * rows - 0.5, 0),
    rows - 1,
  );
  const column = (Math.atan2(y, x) / (2 * Math.PI) + 0.5) * columns - 0.5;
  const top = Math.min(Math.floor(row), rows - 2);
  const left = (Math.floor(column) + columns) % columns;
  const right = (left + 1) % columns;
  const fx = column - Math.floor(column);
  const at = (i: number) => (1 - fx) * map[i * columns + left] + fx * map[i * columns + right];
  return at(top) + (row - top) * (at(top + 1) - at(top));
}

/** Share of a point's neighbourhood of `edge` mm that is within a lesion; the point is relative to its centre. */
function inside({ axes, radius }: LesionRow, map: ArrayLike<number>, [x, y, z]: Point, edge: number): number {
  const [u, v, w] = [x / axes[0], y / axes[1], z / axes[2]];
  const distance = Math.max(Math.hypot(u, v, w), 1e-6);
  const limit = surface(map, [u / distance, v / distance, w / distance]) * radius;
  return saturate((limit - distance) / edge + 0.5);
}

/** How thick a lesion's body is in mm along a vertical line at (x, y) from its centre, sampled every `step` mm. */
export function bodyThickness(
  lesion: LesionRow,
  map: ArrayLike<number>,
  x: number,
  y: number,
  step: number,
): number {
  let sum = 0;
  for (let z = step / 2 - lesion.reach; z < lesion.reach; z += step)
    sum += inside(lesion, map, [x, y, z], step);
  return sum * step;
}

/** Share of a voxel within a lesion. */
function coverage(
  lesion: LesionRow,
  map: Float64Array,
  [x, y, z]: Point,
  step: number,
  spacing: number,
): number {
  const [cx, cy, cz] = lesion.center;
  let share = 0;
  for (let sample = 0; sample < heightSamples; sample++) {
    const height = ((sample + 0.5) / heightSamples - 0.5) * step;
    share += inside(lesion, map, [x - cx, y - cy, z + height - cz], spacing);
  }
  return share / heightSamples;
}

/** How far from its place in the picture a voxel's texture is taken, mm. */
function pulled(lesions: readonly LesionRow[], point: Point): [x: number, y: number] {
  let [shiftX, shiftY] = [0, 0];
  for (const { kind, center, radius, pull } of lesions) {
    if (kind !== lesionKinds.distortion) continue;
    const [x, y, z] = point.map((value, axis) => value - center[axis]);
    const factor = pull * Math.exp(-(x * x + y * y + z * z) / (2 * (pullWidth * radius) ** 2));
    shiftX += factor * x;
    shiftY += factor * y;
  }
  return [shiftX, shiftY];
}

/**
 * Attenuation [slices, rows, columns] in 1/mm from three random fields [3, slices, rows, fieldColumns] of unit variance, the
 * breast's numbers (`packBreast`), a table of lesions [lesions, 12] (`packLesion`) and their maps [lesions, 64, 128].
 */
export const breastTissue: Kernel<BreastTissueParameters> = {
  name: "breastTissue",
  bindings: (p) => [
    { name: "fields", access: "read", shape: [3, p.slices, p.rows, p.fieldColumns] },
    { name: "breast", access: "read", shape: [6] },
    { name: "lesions", access: "read", shape: [p.lesions, 12] },
    { name: "maps", access: "read", shape: [p.lesions, ...lesionMap] },
    { name: "y", access: "write", shape: [p.slices, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        SLICES: p.slices,
        ROWS: p.rows,
        COLUMNS: p.columns,
        MARGIN: p.margin,
        FIELD_COLUMNS: p.fieldColumns,
        LESIONS: p.lesions,
        SPACING: p.spacing,
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.slices * p.rows * divideUp(p.columns, 4), workgroup)),
    },
  ],
  flops: (p) => 90 * p.slices * p.rows * p.columns,
  reference(p, { fields, breast: packed, lesions: table, maps, y }) {
    const breast = unpackBreast(packed);
    const lesions = Array.from({ length: p.lesions }, (_, index) => unpackLesion(table, index));
    const mapLength = lesionMap[0] * lesionMap[1];
    const step = breast.thickness / p.slices;
    for (let index = 0; index < y.length; index++) {
      const [slice, row, column] = [
        Math.floor(index / (p.rows * p.columns)),
        Math.floor(index / p.columns) % p.rows,
        index % p.columns,
      ];
      const z = ((slice + 0.5) / p.slices - 0.5) * breast.thickness;
      const point = [(column + 0.5) * p.spacing, (row - p.margin + 0.5) * p.spacing, z] as const;
      const { depth, softness } = depthBelowSkin(breast, point, step, p.spacing);
      const [shiftX, shiftY] = pulled(lesions, point);
      const values = [0, 1, 2].map((field) =>
        bilinear(
          fields,
          (field * p.slices + slice) * p.rows * p.fieldColumns,
          p.rows,
          p.fieldColumns,
          row + shiftY / p.spacing,
          column + shiftX / p.spacing,
        ),
      );
      let inner = tissue(breast.glandAbove, values);
      lesions.forEach((lesion, i) => {
        const [x, down, up] = point.map((value, axis) => value - lesion.center[axis]);
        if (lesion.kind === lesionKinds.none || Math.abs(up) > lesion.reach + step) return;
        if (x * x + down * down > lesion.reach ** 2) return;
        const map = maps.subarray(i * mapLength, (i + 1) * mapLength);
        inner += coverage(lesion, map, point, step, p.spacing) * lesion.solid * (lesion.attenuation - inner);
      });
      y[index] = beneathSkin(inner, depth, softness);
    }
  },
  cases: [
    { slices: 1, rows: 1, margin: 0, columns: 1, fieldColumns: 4, spacing: 0.3, lesions: 1 },
    { slices: 7, rows: 29, margin: 3, columns: 23, fieldColumns: 24, spacing: 0.5, lesions: 3 },
  ],
  testInputs(p) {
    const middle = ((p.rows - 2 * p.margin) * p.spacing) / 2;
    const depth = p.columns * p.spacing;
    const breast = { thickness: 14, glandAbove: 0.3, chest: -depth / 4, depth, middle, half: 1.2 * middle };
    const row = (kind: number, x: number): number[] =>
      packLesion({
        kind,
        center: [x, middle, 1],
        axes: [1.1, 0.9, 1],
        radius: 2.5,
        attenuation: 0.08,
        solid: 0.7,
        reach: 4,
        pull: 0.4,
      });
    const kinds = [lesionKinds.mass, lesionKinds.distortion, lesionKinds.none];
    const rows = Array.from({ length: p.lesions }, (_, i) => row(kinds[i % 3], (0.25 + 0.2 * i) * depth));
    return {
      breast: Float64Array.from(packBreast(breast)),
      lesions: Float64Array.from(rows.flat()),
      maps: Float64Array.from(
        { length: p.lesions * lesionMap[0] * lesionMap[1] },
        (_, i) => 1 + 0.2 * Math.sin(i / 200),
      ),
    };
  },
  tolerance: {
    absolute: 3e-4,
    relative: 1e-3,
    reason:
      "attenuations near 0.05; at the paddles the edge is a root of a difference from 1, of float32 powers",
  },
};
