// What the detector makes of line integrals: Beer and Lambert's law, blur, quantum noise and electronic noise.
import type { RandomStream } from "../base/random.ts";
import { filterColumns, filterRows, gaussianKernel } from "./filters.ts";
import type { Plane } from "./volume.ts";

export interface Exposure {
  /** Photons that reach a pixel with nothing in the beam. */
  readonly openPhotons: number;
  /** Standard deviation of a Gaussian point spread in mm, along x and along y. */
  readonly blur: readonly [x: number, y: number];
  /** Standard deviation of a reading in photons. */
  readonly electronicNoise: number;
}

/** The photons expected in each pixel: openPhotons·exp(−line integral), blurred. */
export function expectedPhotons(lineIntegrals: Plane, { openPhotons, blur }: Exposure): Plane {
  const data = lineIntegrals.data.map((value) => openPhotons * Math.exp(-value));
  return filterColumns(
    filterRows({ ...lineIntegrals, data }, gaussianKernel(blur[1] / lineIntegrals.rowSpacing)),
    gaussianKernel(blur[0] / lineIntegrals.columnSpacing),
  );
}

/** Sums the photons of `count` neighbouring rows, as a detector read out in bins does. */
export function binRows(photons: Plane, count: number): Plane {
  const { columns } = photons;
  const rows = photons.rows / count;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < photons.rows; row++)
    for (let column = 0; column < columns; column++)
      data[Math.floor(row / count) * columns + column] += photons.data[row * columns + column];
  const firstRow = photons.firstRow / count;
  return { ...photons, rows, firstRow, rowSpacing: photons.rowSpacing * count, data };
}

/**
 * Draws a reading: variance = mean + electronicNoise², uncorrelated between pixels as in amorphous selenium. Counts are
 * in the hundreds at least, so the Poisson distribution is taken as normal.
 */
export function readOut(photons: Plane, electronicNoise: number, stream: RandomStream): Plane {
  const floor = electronicNoise ** 2;
  const data = photons.data.map((mean) => mean + Math.sqrt(mean + floor) * stream.nextNormal());
  return { ...photons, data };
}

/** −log of the share that came through: line integrals again. A reading below one photon counts as one. */
export function toLineIntegrals(reading: Plane, openPhotons: number): Plane {
  return { ...reading, data: reading.data.map((value) => -Math.log(Math.max(value, 1) / openPhotons)) };
}
