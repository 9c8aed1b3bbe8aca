// Star-shaped bodies: a surface whose distance from the centre depends on the direction.
import { lesionMap } from "../../kernels/breastTissue.ts";
import type { RandomStream } from "../base/random.ts";

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

export interface LesionShape {
  /** Stretch of the three axes, of product 1. */
  readonly axes: Vector;
  /** Distance of the surface without bumps, as a fraction of the radius. */
  readonly base: number;
  readonly bumps: readonly Bump[];
}

type Range = readonly [low: number, high: number];

function randomDirection(stream: RandomStream): Vector {
  const z = stream.nextUniform(-1, 1);
  const angle = stream.nextUniform(0, 2 * Math.PI);
  const rho = Math.sqrt(1 - z * z);
  return [rho * Math.cos(angle), rho * Math.sin(angle), z];
}

const drawBumps = (count: number, height: Range, sharpness: Range, stream: RandomStream): Bump[] =>
  Array.from({ length: count }, () => ({
    direction: randomDirection(stream),
    height: stream.nextUniform(...height),
    sharpness: stream.nextUniform(...sharpness),
  }));

function drawAxes(stream: RandomStream): Vector {
  const stretch = [0, 1, 2].map(() => stream.nextUniform(0.85, 1.18));
  const mean = Math.cbrt(stretch[0] * stretch[1] * stretch[2]);
  return [stretch[0] / mean, stretch[1] / mean, stretch[2] / mean];
}

export function drawMassShape(form: MassForm, stream: RandomStream): LesionShape {
  const axes = drawAxes(stream);
  const bumps = {
    oval: () => [],
    lobular: () => drawBumps(6, [0.1, 0.35], [3, 8], stream),
    spiculated: () => [
      ...drawBumps(4, [0.05, 0.2], [3, 8], stream),
      ...drawBumps(24, [0.5, 1.1], [40, 120], stream),
    ],
  }[form]();
  return { axes, base: 1, bumps };
}

/** Spicules that meet in a point, with hardly a body. */
export const drawDistortionShape = (stream: RandomStream): LesionShape => ({
  axes: drawAxes(stream),
  base: 0.12,
  bumps: drawBumps(22, [0.5, 0.9], [60, 160], stream),
});

/** Distance of the surface in a direction, as a fraction of the radius. */
function surface({ base, bumps }: LesionShape, [x, y, z]: Vector): number {
  let distance = base;
  for (const { direction, height, sharpness } of bumps) {
    const exponent = sharpness * (direction[0] * x + direction[1] * y + direction[2] * z - 1);
    if (exponent > -5) distance += height * Math.exp(exponent);
  }
  return distance;
}

/** The surface's distances by polar and azimuthal angle, as the kernel `breastTissue` reads them. */
export function mapOf(shape: LesionShape): Float32Array {
  const [rows, columns] = lesionMap;
  return Float32Array.from({ length: rows * columns }, (_, index) => {
    const polar = ((Math.floor(index / columns) + 0.5) / rows) * Math.PI;
    const azimuth = (((index % columns) + 0.5) / columns - 0.5) * 2 * Math.PI;
    const rho = Math.sin(polar);
    return surface(shape, [rho * Math.cos(azimuth), rho * Math.sin(azimuth), Math.cos(polar)]);
  });
}

/** Farthest reach of the surface from the centre as a fraction of the radius. */
export const reachOf = ({ axes }: LesionShape, map: Float32Array): number =>
  Math.max(...axes) * map.reduce((most, value) => Math.max(most, value), 0);
