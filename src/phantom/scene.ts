// One view of one compressed breast before any exposure: tissue, lesions and distractors.
import type { Box } from "../base/boxes.ts";
import { RandomStream } from "../base/random.ts";
import { type Acquisition, type Scene, tangentsOf } from "./acquisition.ts";
import type { Bead } from "./beads.ts";
import { type DensityClass, densityClasses, makeBreast, type Outline } from "./breast.ts";
import { clusterBox, finishBox, massBox } from "./lesionBoxes.ts";
import {
  drawDistractors,
  drawSpecks,
  type LesionBody,
  type LesionPlan,
  placeLesions,
  type Region,
} from "./lesions.ts";
import { insertMass, rasteriseMass } from "./masses.ts";
import { attenuation } from "./materials.ts";
import type { Volume } from "./volume.ts";

export interface SceneOptions {
  readonly seed: number;
  /** Names the view among those of one seed, e.g. "patient 12/CC". */
  readonly name: string;
  /** Pixels; even. */
  readonly rows: number;
  readonly columns: number;
  /** Side of a pixel, mm. */
  readonly spacing: number;
  readonly density: DensityClass;
  readonly lesions: readonly LesionPlan[];
}

/** A lesion as this view shows it; boxes in pixels, chest wall at column 0. */
export interface SceneLesion {
  readonly plan: LesionPlan;
  /** mm from the chest wall, from the image's upper edge, and above the middle of the breast. */
  readonly centre: readonly [x: number, y: number, z: number];
  /**
   * Greatest excess of a vertical line integral over the tissue replaced; for a cluster that of its largest speck
   * through the centre.
   */
  readonly contrast: number;
  readonly ffdmBox: Box;
  readonly smBox: Box;
}

export interface BuiltScene {
  readonly scene: Scene;
  /** Compressed thickness, mm. */
  readonly thickness: number;
  /** Rows beyond the image that the oblique views need of the detector. */
  readonly detectorMargin: number;
  readonly lesions: readonly SceneLesion[];
}

/** The random numbers of one part of a view. */
export const streamOf = ({ seed, name }: Pick<SceneOptions, "seed" | "name">, part: string): RandomStream =>
  new RandomStream(seed, `phantom/${name}/${part}`);

/** Slices that a breast is cut into, whatever its thickness: 1.5 to 2.5 mm each. */
const slices = 24;

function drawOutline(width: number, height: number, stream: RandomStream): Outline | undefined {
  if (stream.nextUniform() < 0.5) return undefined;
  return {
    apex: width * stream.nextUniform(0.75, 1.05),
    middle: height * stream.nextUniform(0.2, 0.8),
    radius: stream.nextUniform(40, 80),
  };
}

/** Rows that a ray at the steepest angle moves between the middle and the paddle, and two bins to interpolate in. */
function marginFor(thickness: number, spacing: number, acquisition: Acquisition): number {
  const steepest = Math.max(...tangentsOf(acquisition));
  const rows = ((thickness / 2) * steepest) / spacing + 2 * acquisition.binning;
  return Math.ceil(rows / acquisition.binning) * acquisition.binning;
}

/** Builds the view's breast. The same options give the same scene; each part draws from a stream of its own. */
export function buildScene(options: SceneOptions, acquisition: Acquisition): BuiltScene {
  const { rows, columns, spacing, density } = options;
  const stream = (part: string) => streamOf(options, part);
  const { thickness } = densityClasses[density];
  const [width, height] = [columns * spacing, rows * spacing];
  const outline = drawOutline(width, height, stream("outline"));
  const region: Region = { width, height, thickness, outline };
  const detectorMargin = marginFor(thickness, spacing, acquisition);
  const volume = makeBreast(
    { rows, columns, spacing, slices, margin: 2 * detectorMargin, density, outline },
    stream("tissue"),
  );
  const beads = drawDistractors(region, stream("distractors"));
  const bodies = placeLesions(options.lesions, region, stream("lesions"));
  const lesions = bodies.map((body, index) => {
    const { contrast, ffdmBox, smBox } = body.shape
      ? addMass(body, volume, acquisition)
      : addCluster(body, volume, beads, acquisition, stream(`specks ${index}`));
    const finish = (box: Box) => finishBox(box, rows, columns);
    return { plan: body.plan, centre: body.centre, contrast, ffdmBox: finish(ffdmBox), smBox: finish(smBox) };
  });
  return { scene: { volume, beads }, thickness, detectorMargin, lesions };
}

function addMass({ plan, shape, centre }: LesionBody, volume: Volume, acquisition: Acquisition) {
  if (plan.type !== "mass" || !shape) throw new Error("a mass has a shape");
  const coverage = rasteriseMass(shape, centre, volume);
  return {
    contrast: insertMass(volume, coverage, plan.densityRatio * attenuation.gland),
    ffdmBox: massBox(coverage, [0]),
    smBox: massBox(coverage, tangentsOf(acquisition)),
  };
}

function addCluster(
  { plan, centre }: LesionBody,
  { spacing }: Volume,
  beads: Bead[],
  { binning }: Acquisition,
  stream: RandomStream,
) {
  if (plan.type !== "calcification") throw new Error("a cluster has specks");
  const specks = drawSpecks(plan, centre, stream);
  beads.push(...specks);
  return {
    contrast: Math.max(...specks.map(({ radius, excess }) => 2 * radius * excess)),
    ffdmBox: clusterBox(specks, spacing, spacing),
    smBox: clusterBox(specks, spacing, binning * spacing),
  };
}
