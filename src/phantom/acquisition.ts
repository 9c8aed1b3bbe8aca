// The two exposures of one compressed breast: a full-dose vertical one, and many low-dose oblique ones.
import type { RandomStream } from "../base/random.ts";
import { addBeads, type Bead } from "./beads.ts";
import { binRows, type Exposure, expectedPhotons, readOut, toLineIntegrals } from "./detector.ts";
import { addProjection } from "./projection.ts";
import type { View } from "./reconstruction.ts";
import { makePlane, type Plane, type Volume } from "./volume.ts";

export interface Acquisition {
  /** Number of views of tomosynthesis, and degrees from the first to the last. */
  readonly views: number;
  readonly span: number;
  /** Photons per mm² behind the breast in the mammogram, on average (automatic exposure). */
  readonly fluence: number;
  /** Dose of all views together as a multiple of the mammogram's. */
  readonly doseRatio: number;
  /** Standard deviation of a reading in photons, for a pixel of 1 mm²; it grows with the root of a pixel's area. */
  readonly electronicNoise: number;
  /** Standard deviation of the detector's point spread, mm. */
  readonly detectorBlur: number;
  /** Degrees that the tube travels during one view. */
  readonly motion: number;
  /** Gap between breast and detector, mm. */
  readonly airGap: number;
  /** Rows read out as one in tomosynthesis. */
  readonly binning: number;
}

/**
 * Views, span and air gap of a Hologic system; dose ratio from its published glandular doses (1.30 and 1.20 mGy).
 * Photons, electronic noise (5200 electrons at 50 eV each in pixels of 85 µm) and tube motion of the VICTRE trial's
 * detector. Binning two rows keeps the ratio of real pixels (70 and 140 µm) on a grid that is coarser than either.
 */
export const defaultAcquisition: Acquisition = {
  views: 15,
  span: 15,
  fluence: 760e3,
  doseRatio: 1.08,
  electronicNoise: 153,
  detectorBlur: 0.1,
  motion: 0.18,
  airGap: 25,
  binning: 2,
};

/** Tangents of the views' angles, symmetric about the vertical. */
export function tangentsOf({ views, span }: Pick<Acquisition, "views" | "span">): number[] {
  return Array.from({ length: views }, (_, i) => {
    const degrees = views > 1 ? span * (i / (views - 1) - 0.5) : 0;
    return Math.tan((degrees * Math.PI) / 180);
  });
}

/** What is in the beam. */
export interface Scene {
  readonly volume: Volume;
  /** Projected as they are, beside the voxels. */
  readonly beads: readonly Bead[];
}

/** Line integrals on the detector, `margin` rows beyond the image on both sides. */
export function projectScene({ volume, beads }: Scene, tangent: number, margin: number): Plane {
  const plane = makePlane({
    rows: volume.rows + 2 * volume.firstRow + 2 * margin,
    columns: volume.columns,
    firstRow: -margin,
    rowSpacing: volume.spacing,
    columnSpacing: volume.spacing,
  });
  addProjection(volume, tangent, plane);
  addBeads(beads, tangent, plane);
  return plane;
}

/** Photons per pixel with nothing in the beam that give the wanted number behind the breast. */
function openPhotonsFor(lineIntegrals: Plane, behind: number): number {
  let sum = 0;
  let count = 0;
  for (const value of lineIntegrals.data)
    if (value > 0.1) {
      sum += Math.exp(-value);
      count++;
    }
  return behind / (count ? sum / count : 1);
}

/** The mammogram in line integrals, and the open-field photons that its exposure was set to. */
export function acquireMammogram(scene: Scene, acquisition: Acquisition, stream: RandomStream) {
  const { fluence, detectorBlur, electronicNoise } = acquisition;
  const { spacing } = scene.volume;
  const ideal = projectScene(scene, 0, 0);
  const openPhotons = openPhotonsFor(ideal, fluence * spacing ** 2);
  const exposure: Exposure = {
    openPhotons,
    blur: [detectorBlur, detectorBlur],
    electronicNoise: electronicNoise * spacing,
  };
  const reading = readOut(expectedPhotons(ideal, exposure), exposure.electronicNoise, stream);
  return { plane: toLineIntegrals(reading, openPhotons), openPhotons };
}

/** The views of tomosynthesis in line integrals, divided by the rays' slant so that a flat slab looks alike in all. */
export function acquireViews(
  scene: Scene,
  acquisition: Acquisition,
  openPhotons: number,
  margin: number,
  stream: RandomStream,
): View[] {
  const { views, doseRatio, detectorBlur, electronicNoise, binning, motion, airGap } = acquisition;
  const { volume } = scene;
  const thickness = volume.slices * volume.sliceThickness;
  // A box of this length, as the middle of the breast casts it; its standard deviation is length/√12.
  const travel = (airGap + thickness / 2) * ((motion * Math.PI) / 180);
  const open = (openPhotons * doseRatio) / views;
  const exposure: Exposure = {
    openPhotons: open,
    blur: [detectorBlur, Math.hypot(detectorBlur, travel / Math.sqrt(12))],
    electronicNoise: electronicNoise * volume.spacing * Math.sqrt(binning),
  };
  return tangentsOf(acquisition).map((tangent) => {
    const photons = binRows(expectedPhotons(projectScene(scene, tangent, margin), exposure), binning);
    const reading = readOut(photons, exposure.electronicNoise, stream);
    const plane = toLineIntegrals(reading, open * binning);
    const slant = Math.sqrt(1 + tangent * tangent);
    return { tangent, plane: { ...plane, data: plane.data.map((value) => value / slant) } };
  });
}
