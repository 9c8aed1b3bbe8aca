// One image on its way to the network, with everything that lies between kept for whoever wants to look at it.
import type { Box } from "../../base/boxes.ts";
import { UserError } from "../../base/errors.ts";
import { type Breast, findBreast } from "./breast.ts";
import {
  fittingGrid,
  type Grid,
  layOnGrid,
  type Placement,
  placeBox,
  placeOnGrid,
  unplaceBox,
} from "./grid.ts";
import { orientationOf, type Turn } from "./orientation.ts";
import { standardise } from "./standardise.ts";
import { blankOutside, crop, type MarkedImage, turn, turnBox } from "./steps.ts";

export interface PreprocessOptions {
  /** Whether full-field images are cut to the breast and blanked around it. */
  readonly crop: boolean;
  /** Side of a pixel of the grid in mm; null: as small as the image or the pair fits. */
  readonly spacing: number | null;
}

export const defaultPreprocess: PreprocessOptions = { crop: true, spacing: null };

/** An image after each of the steps that need no other. */
export interface ImageSteps {
  readonly original: MarkedImage;
  readonly breast: Breast;
  readonly cropped: MarkedImage;
  readonly turn: Turn;
  readonly turned: MarkedImage;
  /** Whether the tissue or the file says how the image lies. */
  readonly isOriented: boolean;
  readonly warnings: readonly string[];
}

/**
 * Cuts to the breast and turns.
 * @param file names the image in warnings.
 * @param fallback what to mirror when neither the tissue nor the file says it.
 */
export function isolateBreast(
  original: MarkedImage,
  file: string,
  options: PreprocessOptions,
  breast: Breast = findBreast(original.image),
  fallback: Turn = { columns: false, rows: false },
): ImageSteps {
  const { image } = original;
  const cropped = options.crop ? crop(blankOutside(original, breast), breast.box) : original;
  const { warning, ...own } = orientationOf(image, breast.side, file);
  const isOriented = breast.side !== undefined || image.orientation !== undefined;
  const chosen = isOriented ? own : fallback;
  const warnings = breast.missing ? [`${file}: no breast was found; the whole image is kept`] : [];
  if (warning) warnings.push(warning);
  return { original, breast, cropped, turn: chosen, turned: turn(cropped, chosen), isOriented, warnings };
}

/** An image on the network's grid; images are row-major, height × width. */
export interface LaidImage {
  readonly placement: Placement;
  /** In the units of the file. */
  readonly laid: Float32Array;
  /** Standardised, as the network takes it. */
  readonly pixels: Float32Array;
  /** Not clipped. */
  readonly boxes: readonly Box[];
}

/** @param spacing of the image's rows and columns, in the grid's unit. */
export function layImage(
  { turned: { image, boxes }, breast }: ImageSteps,
  spacing: readonly [number, number],
  grid: Grid,
): LaidImage {
  const placement = placeOnGrid(image, spacing, grid);
  const fill = breast.air?.level ?? image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
  const laid = layOnGrid(image, placement, grid, fill);
  return {
    placement,
    laid,
    pixels: standardise(laid, breast.air?.threshold),
    boxes: boxes.map((box) => placeBox(box, placement)),
  };
}

/**
 * An image that is no part of a pair.
 * @throws UserError when a grid in mm is asked for and the image has no pixel spacing.
 */
export function prepareImage(
  original: MarkedImage,
  file: string,
  height: number,
  width: number,
  options: PreprocessOptions = defaultPreprocess,
): LaidImage & { readonly steps: ImageSteps; readonly grid: Grid } {
  const { spacing } = original.image;
  if (options.spacing !== null && !spacing)
    throw new UserError(`${file}: has no pixel spacing, which a grid of ${options.spacing} mm needs`);
  const steps = isolateBreast(original, file, options);
  const { image } = steps.turned;
  const sides = spacing ?? [1, 1];
  const grid =
    options.spacing === null
      ? fittingGrid(height, width, [{ ...image, spacing: sides }])
      : { height, width, spacing: options.spacing };
  return { ...layImage(steps, sides, grid), steps, grid };
}

/** A box on the grid in pixels of the file: what `prepareImage` and `preparePair` do to boxes, backwards. */
export function boxOnFile(
  box: Box,
  { cropped, turn, original, breast }: ImageSteps,
  placement: Placement,
): Box {
  const [yMin, xMin, yMax, xMax] = turnBox(unplaceBox(box, placement), cropped.image, turn);
  const [top, left] = cropped === original ? [0, 0] : breast.box;
  return [yMin + top, xMin + left, yMax + top, xMax + left];
}
