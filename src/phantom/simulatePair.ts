// One view of one breast, pictured twice: as a full-field digital mammogram and as a synthetic mammogram. Both are
// projections of one volume, exposed and read out apart, so that each holds what the other has lost.
import type { Box } from "../base/boxes.ts";
import type { GrayImage } from "../data/grayImage.ts";
import type { Side } from "../data/manifest.ts";
import { type Acquisition, acquireMammogram, acquireViews, defaultAcquisition } from "./acquisition.ts";
import { breastMask, equaliseThickness } from "./equalisation.ts";
import type { LesionPlan } from "./lesions.ts";
import { present, presentedBits } from "./presentation.ts";
import { backProject, defaultSynthesis, synthesise, type View } from "./reconstruction.ts";
import { buildScene, type SceneLesion, type SceneOptions, streamOf } from "./scene.ts";
import { makePlane, type Plane } from "./volume.ts";

export interface PairOptions extends SceneOptions {
  /** Right breasts have the chest wall at the right of the image, left ones at the left. */
  readonly side: Side;
  readonly acquisition?: Acquisition;
}

/** What is known of a lesion in one view: enough to tell afterwards which picture showed it and why. */
export type LesionRecord = LesionPlan & {
  /** mm above the middle of the compressed breast. */
  readonly height: number;
  /** See SceneLesion. */
  readonly contrast: number;
  /** Pixels of each picture. */
  readonly ffdmBox: Box;
  readonly smBox: Box;
};

export interface SimulatedPair {
  readonly ffdm: GrayImage;
  readonly sm: GrayImage;
  readonly lesions: readonly LesionRecord[];
}

/** Heights reconstructed: a view's shadow moves by less than a pixel from one to the next at these small angles. */
function reconstructedHeights(thickness: number): number[] {
  return Array.from({ length: 16 }, (_, i) => ((i + 0.5) / 16 - 0.5) * thickness);
}

/** A picture in line integrals, thickness equalised, and where in it is breast (1) and air (0). */
interface Exposed {
  readonly plane: Plane;
  readonly inBreast: Float32Array;
}

/** Both pictures before presentation, with the scene that they show; chest wall at column 0. */
export function exposePair(options: SceneOptions, acquisition: Acquisition) {
  const built = buildScene(options, acquisition);
  const { scene, thickness, detectorMargin } = built;
  const { plane, openPhotons } = acquireMammogram(scene, acquisition, streamOf(options, "mammogram"));
  const ffdm: Exposed = { plane: equaliseThickness(plane, thickness), inBreast: breastMask(plane) };
  const views = acquireViews(
    scene,
    acquisition,
    openPhotons,
    detectorMargin,
    streamOf(options, "tomosynthesis"),
  );
  return { ...built, ffdm, sm: synthesisePicture(views, thickness, options) };
}

function synthesisePicture(views: readonly View[], thickness: number, options: SceneOptions): Exposed {
  const { rows, columns, spacing } = options;
  const middle = makePlane({ rows, columns, firstRow: 0, rowSpacing: spacing, columnSpacing: spacing });
  backProject(views, 0, middle);
  const equalised = views.map((view) => ({ ...view, plane: equaliseThickness(view.plane, thickness) }));
  const heights = reconstructedHeights(thickness);
  const plane = synthesise(equalised, { ...defaultSynthesis, rows, columns, spacing, heights });
  return { plane, inBreast: breastMask(middle) };
}

/**
 * Simulates one view. The same options give the same bytes, on any machine whose Math functions agree.
 * @returns pictures of rows × columns pixels in `presentedBits` bits, MONOCHROME2, air 0.
 */
export function simulatePair(options: PairOptions): SimulatedPair {
  const { rows, columns, spacing, side, acquisition = defaultAcquisition } = options;
  const { ffdm, sm, lesions } = exposePair(options, acquisition);
  const picture = ({ plane, inBreast }: Exposed): GrayImage => {
    const data = present(plane, inBreast);
    if (side === "R") mirror(data, columns);
    return { width: columns, height: rows, bits: presentedBits, data, spacing: [spacing, spacing] };
  };
  const records = lesions.map((lesion) => recordOf(lesion, side === "R" ? columns : undefined));
  return { ffdm: picture(ffdm), sm: picture(sm), lesions: records };
}

function mirror(data: Uint16Array, columns: number): void {
  for (let start = 0; start < data.length; start += columns) data.subarray(start, start + columns).reverse();
}

/** @param width set where the picture is mirrored. */
function recordOf({ plan, centre, contrast, ffdmBox, smBox }: SceneLesion, width?: number): LesionRecord {
  const place = ([top, left, bottom, right]: Box): Box =>
    width === undefined ? [top, left, bottom, right] : [top, width - right, bottom, width - left];
  return { ...plan, height: centre[2], contrast, ffdmBox: place(ffdmBox), smBox: place(smBox) };
}
