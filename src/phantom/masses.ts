// Masses: star-shaped bodies of a little more than glandular density, cut into the volume's voxels.
import type { RandomStream } from "../base/random.ts";
import { sliceHeight, type Volume } from "./volume.ts";

export const massForms = ["oval", "lobular", "spiculated"] as const;
export type MassForm = (typeof massForms)[number];

type Vector = readonly [x: number, y: number, z: number];

/** A ripple or, for spicules, a narrow cone of the surface around a direction. */
interface Bump {
  readonly direction: Vector;
  /** Height as a fraction of the radius. */
  readonly height: number;
  /** Concentration of exp(sharpness·(cos angle − 1)). */
  readonly sharpness: number;
}

export interface MassShape {
  readonly form: MassForm;
  /** Mean radius in mm. */
  readonly radius: number;
  /** Stretch of the three axes, of product 1. */
  readonly axes: Vector;
  readonly bumps: readonly Bump[];
}

/** The part of a volume's grid that a mass fills: the share of each voxel that is inside it in place of attenuation. */
export interface Coverage extends Volume {
  /** The volume's slice and column that are 0 here; `firstRow` is an image row, as in the volume. */
  readonly firstSlice: number;
  readonly firstColumn: number;
}

function randomDirection(stream: RandomStream): Vector {
  const z = stream.nextUniform(-1, 1);
  const angle = stream.nextUniform(0, 2 * Math.PI);
  const rho = Math.sqrt(1 - z * z);
  return [rho * Math.cos(angle), rho * Math.sin(angle), z];
}

export function drawMassShape(form: MassForm, radius: number, stream: RandomStream): MassShape {
  const stretch = [0, 1, 2].map(() => stream.nextUniform(0.85, 1.18));
  const mean = Math.cbrt(stretch[0] * stretch[1] * stretch[2]);
  const draw = (count: number, height: [number, number], sharpness: [number, number]): Bump[] =>
    Array.from({ length: count }, () => ({
      direction: randomDirection(stream),
      height: stream.nextUniform(...height),
      sharpness: stream.nextUniform(...sharpness),
    }));
  const bumps = {
    oval: () => [],
    lobular: () => draw(6, [0.1, 0.35], [3, 8]),
    spiculated: () => [...draw(4, [0.05, 0.2], [3, 8]), ...draw(24, [0.5, 1.1], [40, 120])],
  }[form]();
  return { form, radius, axes: stretch.map((value) => value / mean) as unknown as Vector, bumps };
}

/** Farthest reach of the surface from the centre, mm. */
export function massReach({ radius, axes, bumps }: MassShape): number {
  const height = bumps.reduce((most, bump) => Math.max(most, bump.height), 0);
  return radius * Math.max(...axes) * (1 + 1.5 * height);
}

/** Distance of the surface from the centre in a direction, as a fraction of the radius. */
function surface(bumps: readonly Bump[], x: number, y: number, z: number): number {
  let distance = 1;
  for (const { direction, height, sharpness } of bumps) {
    const exponent = sharpness * (direction[0] * x + direction[1] * y + direction[2] * z - 1);
    if (exponent > -5) distance += height * Math.exp(exponent);
  }
  return distance;
}

/** Share of a point's neighbourhood inside: the surface is softened over `edge` mm. */
function inside(shape: MassShape, x: number, y: number, z: number, edge: number): number {
  const [u, v, w] = [x / shape.axes[0], y / shape.axes[1], z / shape.axes[2]];
  const distance = Math.sqrt(u * u + v * v + w * w);
  if (distance < shape.radius - edge) return 1;
  const limit = shape.bumps.length ? surface(shape.bumps, u / distance, v / distance, w / distance) : 1;
  return Math.min(Math.max((limit * shape.radius - distance) / edge + 0.5, 0), 1);
}

/** Heights sampled in each slice, as slices are several times thicker than pixels. */
const heightSamples = 5;

function shareOfVoxel(shape: MassShape, dx: number, dy: number, dz: number, volume: Volume): number {
  let share = 0;
  for (let sample = 0; sample < heightSamples; sample++) {
    const offset = ((sample + 0.5) / heightSamples - 0.5) * volume.sliceThickness;
    share += inside(shape, dx, dy, dz + offset, volume.spacing);
  }
  return share / heightSamples;
}

/**
 * Cuts a mass centred at (x, y, z) mm into the voxels of a volume. The surface is softened over one pixel, which is
 * about the share of a pixel inside.
 */
export function rasteriseMass(shape: MassShape, [x, y, z]: Vector, volume: Volume): Coverage {
  const { spacing, sliceThickness } = volume;
  const reach = massReach(shape) + spacing;
  const range = (centre: number, size: number, count: number): [first: number, length: number] => {
    const first = Math.max(Math.floor((centre - reach) / size), 0);
    return [first, Math.max(Math.min(Math.ceil((centre + reach) / size), count) - first, 0)];
  };
  const [firstColumn, columns] = range(x, spacing, volume.columns);
  const [rowOfVolume, rows] = range(y - volume.firstRow * spacing, spacing, volume.rows);
  const [firstSlice, slices] = range(z + (volume.slices / 2) * sliceThickness, sliceThickness, volume.slices);
  const firstRow = volume.firstRow + rowOfVolume;
  const data = new Float32Array(slices * rows * columns);
  let index = 0;
  for (let k = 0; k < slices; k++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++, index++) {
        const dx = (firstColumn + j + 0.5) * spacing - x;
        const dy = (firstRow + i + 0.5) * spacing - y;
        const dz = sliceHeight(volume, firstSlice + k) - z;
        if (dx * dx + dy * dy < reach * reach) data[index] = shareOfVoxel(shape, dx, dy, dz, volume);
      }
  return { slices, rows, columns, firstSlice, firstRow, firstColumn, spacing, sliceThickness, data };
}

/**
 * Replaces what the mass covers by `mu` (1/mm).
 * @returns the greatest increase of a vertical line integral: the mass's contrast against what it replaced.
 */
export function insertMass(volume: Volume, coverage: Coverage, mu: number): number {
  const excess = new Float64Array(coverage.rows * coverage.columns);
  let index = 0;
  for (let k = 0; k < coverage.slices; k++)
    for (let i = 0; i < coverage.rows; i++) {
      const row = (coverage.firstSlice + k) * volume.rows + coverage.firstRow - volume.firstRow + i;
      const start = row * volume.columns + coverage.firstColumn;
      for (let j = 0; j < coverage.columns; j++, index++) {
        const change = coverage.data[index] * (mu - volume.data[start + j]);
        volume.data[start + j] += change;
        excess[i * coverage.columns + j] += change * volume.sliceThickness;
      }
    }
  return excess.reduce((most, value) => Math.max(most, value), 0);
}
