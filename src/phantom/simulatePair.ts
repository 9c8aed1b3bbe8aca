// One view of one breast, pictured twice: as a full-field digital mammogram and as a synthetic mammogram. Both are
// projections of one volume, exposed and read out apart, so that each holds what the other has lost.
import type { Box } from "../base/boxes.ts";
import type { GrayImage } from "../data/grayImage.ts";
import type { Side } from "../data/manifest.ts";
import { airLimit } from "./acquire.ts";
import { type Anatomy, type AnatomyOptions, drawAnatomy } from "./anatomy.ts";
import { detectability } from "./detectability.ts";
import { smooth } from "./filters.ts";
import { frameOf, magnificationOf } from "./geometry.ts";
import { boxOf, extentsOf } from "./lesionBoxes.ts";
import type { LesionPlan } from "./lesions.ts";
import type { PairRenderer, RenderedPlanes } from "./pairRenderer.ts";
import { type Plane, planeOf } from "./plane.ts";
import { present, presentedBits } from "./presentation.ts";

export interface PairOptions extends AnatomyOptions {
  /** Right breasts have the chest wall at the right of the image, left ones at the left. */
  readonly side: Side;
  /** Names the exposures' random numbers; default the breast's own name. */
  readonly exposure?: string;
}

/** What is known of a lesion in one view: enough to tell afterwards which picture showed it and why. */
export type LesionRecord = LesionPlan & {
  /** mm above the middle of the compressed breast. */
  readonly height: number;
  /** Greatest change of the mammogram's line integrals that it makes, without blur and noise. */
  readonly contrast: number;
  /** d′ in each picture; null where it cannot be measured. See `detectability`. */
  readonly detectability: { readonly ffdm: number | null; readonly sm: number | null };
  /** Pixels of each picture. */
  readonly ffdmBox: Box;
  readonly smBox: Box;
};

export interface SimulatedPair {
  readonly ffdm: GrayImage;
  readonly sm: GrayImage;
  /** Slices of the tomosynthesis volume, from the detector upwards; empty unless the renderer makes them. */
  readonly slices: readonly GrayImage[];
  readonly lesions: readonly LesionRecord[];
  /** Of the mammogram at its detector, and the compressed breast's thickness in mm. */
  readonly magnification: number;
  readonly thickness: number;
}

/** A picture in line integrals, edge filled up, and where in it is breast (1) and air (0). */
interface Exposed {
  readonly plane: Plane;
  readonly inBreast: Float32Array;
}

/**
 * Simulates one view. The same options give the same bytes on the same adapter.
 * @returns pictures in `presentedBits` bits, MONOCHROME2, air 0.
 */
export async function simulatePair(renderer: PairRenderer, options: PairOptions): Promise<SimulatedPair> {
  const { grid, system } = renderer;
  const { rows, columns, spacing } = grid;
  const anatomy = drawAnatomy(options, grid);
  const { thickness } = anatomy.breast;
  const [rendered, without] = await renderBoth(renderer, anatomy, options);
  const mirrored = options.side === "R";
  const picture = ({ plane, inBreast }: Exposed): GrayImage => {
    const data = present(plane, inBreast);
    if (mirrored) mirror(data, columns);
    return { width: columns, height: rows, bits: presentedBits, data, spacing: [spacing, spacing] };
  };
  const frame = frameOf(system, grid, thickness);
  const records = anatomy.lesions.map((lesion): LesionRecord => {
    const extents = extentsOf(lesion, frame);
    const boxes = {
      ffdm: boxOf(extents.ffdm, spacing, rows, columns),
      sm: boxOf(extents.sm, spacing, rows, columns),
    };
    const place = ([top, left, bottom, right]: Box): Box =>
      mirrored ? [top, columns - right, bottom, columns - left] : [top, left, bottom, right];
    return {
      ...lesion.plan,
      height: lesion.center[2],
      ...measure(renderer, rendered, without, boxes),
      ffdmBox: place(boxes.ffdm),
      smBox: place(boxes.sm),
    };
  });
  const exposed = exposedOf(renderer, rendered);
  return {
    ffdm: picture(exposed.ffdm),
    sm: picture(exposed.sm),
    slices: slicesOf(renderer, rendered, exposed.sm.inBreast).map(picture),
    lesions: records,
    magnification: magnificationOf(system, grid, thickness),
    thickness,
  };
}

/** The breast with and without its lesions; one and the same where there are none. */
async function renderBoth(renderer: PairRenderer, anatomy: Anatomy, options: PairOptions) {
  const exposure = { seed: options.seed, name: options.exposure ?? options.name };
  const rendered = renderer.render(anatomy, anatomy.lesions, exposure);
  const without = anatomy.lesions.length > 0 ? renderer.render(anatomy, [], exposure) : rendered;
  return Promise.all([rendered, without]);
}

/**
 * Blur in mm by which a synthetic mammogram's breast is judged: the views do not agree where the skin ends, and what the ramp
 * makes of that is not shown.
 */
const skinFringe = 0.8;

function exposedOf({ grid }: PairRenderer, rendered: RenderedPlanes): { ffdm: Exposed; sm: Exposed } {
  const { rows, columns, spacing } = grid;
  const plane = (data: Float32Array) => planeOf(rows, columns, spacing, data);
  const inBreast = (raw: Float32Array) => raw.map((value) => Number(value > airLimit));
  const inner = smooth(plane(inBreast(rendered.smMean)), skinFringe).data;
  return {
    ffdm: { plane: plane(rendered.ffdmEqual), inBreast: inBreast(rendered.ffdm) },
    sm: { plane: plane(rendered.sm), inBreast: inner.map((share) => Number(share > 0.95)) },
  };
}

function slicesOf({ grid }: PairRenderer, { slices }: RenderedPlanes, inBreast: Float32Array): Exposed[] {
  const { rows, columns, spacing } = grid;
  const pixels = rows * columns;
  return Array.from({ length: Math.floor(slices.length / pixels) }, (_, slice) => ({
    plane: planeOf(rows, columns, spacing, slices.subarray(slice * pixels, (slice + 1) * pixels)),
    inBreast,
  }));
}

/** How much a lesion changes the pictures, from the same exposures with and without the view's lesions. */
function measure(
  renderer: PairRenderer,
  rendered: RenderedPlanes,
  without: RenderedPlanes,
  boxes: { readonly ffdm: Box; readonly sm: Box },
): Pick<LesionRecord, "contrast" | "detectability"> {
  const [present, absent] = [exposedOf(renderer, rendered), exposedOf(renderer, without)];
  const inPicture = (kind: "ffdm" | "sm") =>
    detectability(present[kind].plane, absent[kind].plane, absent[kind].inBreast, boxes[kind]) ?? null;
  return {
    contrast: greatestChange(rendered.ffdmIdeal, without.ffdmIdeal, renderer.grid.columns, boxes.ffdm),
    detectability: { ffdm: inPicture("ffdm"), sm: inPicture("sm") },
  };
}

function greatestChange(
  after: Float32Array,
  before: Float32Array,
  columns: number,
  [top, left, bottom, right]: Box,
): number {
  let most = 0;
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) {
      const at = row * columns + column;
      if (Math.abs(after[at] - before[at]) > Math.abs(most)) most = after[at] - before[at];
    }
  return most;
}

function mirror(data: Uint16Array, columns: number): void {
  for (let start = 0; start < data.length; start += columns) data.subarray(start, start + columns).reverse();
}
