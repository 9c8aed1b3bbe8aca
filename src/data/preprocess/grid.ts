// The network's grid, laid over an image in millimetres.
import type { Box } from "../../base/boxes.ts";
import type { GrayImage } from "../grayImage.ts";
import { resample, windowAxis } from "../resample.ts";

/** The network's input: pixels, and what a pixel's side stands for. */
export interface Grid {
  readonly height: number;
  readonly width: number;
  /** Side of a pixel, in the unit of the images' spacing. */
  readonly spacing: number;
}

/** How an image's rows and columns map to the grid's: position on the grid = scale · position in the image + offset. */
export interface Placement {
  readonly y: { readonly scale: number; readonly offset: number };
  readonly x: { readonly scale: number; readonly offset: number };
}

interface Extent {
  readonly height: number;
  readonly width: number;
}

/** The grid whose pixels are as small as they can be with all the images on it. */
export function fittingGrid(
  height: number,
  width: number,
  images: readonly (Extent & { readonly spacing: readonly [number, number] })[],
): Grid {
  const needed = images.map((image) =>
    Math.max((image.height * image.spacing[0]) / height, (image.width * image.spacing[1]) / width),
  );
  return { height, width, spacing: Math.max(...needed) };
}

/** Chest wall at the grid's left edge, the image's middle row at the grid's. */
export function placeOnGrid(
  image: Extent,
  [rowMm, columnMm]: readonly [number, number],
  grid: Grid,
): Placement {
  const scale = rowMm / grid.spacing;
  return {
    y: { scale, offset: (grid.height - image.height * scale) / 2 },
    x: { scale: columnMm / grid.spacing, offset: 0 },
  };
}

export const placeBox = ([yMin, xMin, yMax, xMax]: Box, { y, x }: Placement): Box => [
  yMin * y.scale + y.offset,
  xMin * x.scale + x.offset,
  yMax * y.scale + y.offset,
  xMax * x.scale + x.offset,
];

export const unplaceBox = ([yMin, xMin, yMax, xMax]: Box, { y, x }: Placement): Box => [
  (yMin - y.offset) / y.scale,
  (xMin - x.offset) / x.scale,
  (yMax - y.offset) / y.scale,
  (xMax - x.offset) / x.scale,
];

/**
 * The image on the grid: along each axis area average where it shrinks, linear where it grows.
 * @param fill the value of grid pixels whose centres lie outside the image.
 * @returns row-major, height × width of the grid.
 */
export function layOnGrid(image: GrayImage, placement: Placement, grid: Extent, fill: number): Float32Array {
  const rows = windowAxis(image.height, grid.height, placement.y.scale, placement.y.offset);
  const columns = windowAxis(image.width, grid.width, placement.x.scale, placement.x.offset);
  const laid = resample(image.data, image.width, rows, columns);
  const isInside = (position: number, extent: number, { scale, offset }: Placement["y"]) => {
    const centre = (position + 0.5 - offset) / scale;
    return centre >= 0 && centre <= extent;
  };
  for (let y = 0; y < grid.height; y++) {
    const rowInside = isInside(y, image.height, placement.y);
    for (let x = 0; x < grid.width; x++)
      if (!rowInside || !isInside(x, image.width, placement.x)) laid[y * grid.width + x] = fill;
  }
  return laid;
}
