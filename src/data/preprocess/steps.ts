// The steps in whole pixels, each a pure function of an image with its boxes.
import type { Box } from "../../base/boxes.ts";
import type { GrayImage } from "../grayImage.ts";
import type { Breast } from "./breast.ts";
import type { Turn } from "./orientation.ts";

/** An image with the boxes of its lesions, in its pixels. */
export interface MarkedImage {
  readonly image: GrayImage;
  readonly boxes: readonly Box[];
}

/** Gives everything outside the breast the level of the air: labels, frames, scanner's edges. */
export function blankOutside({ image, boxes }: MarkedImage, { mask, air }: Breast): MarkedImage {
  if (!mask || !air) return { image, boxes };
  const { height, width } = image;
  const level = Math.round(air.level);
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * mask.width) / width));
  const data = image.data.slice();
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++) if (!mask.data[row + columns[x]]) data[y * width + x] = level;
  }
  return { image: { ...image, data }, boxes };
}

/** @param box whole pixels within the image. */
export function crop({ image, boxes }: MarkedImage, [top, left, bottom, right]: Box): MarkedImage {
  const [height, width] = [bottom - top, right - left];
  if (height === image.height && width === image.width) return { image, boxes };
  const data = new Uint16Array(height * width);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * image.width + left;
    data.set(image.data.subarray(start, start + width), y * width);
  }
  return {
    image: { ...image, height, width, data },
    boxes: boxes.map(([yMin, xMin, yMax, xMax]) => [yMin - top, xMin - left, yMax - top, xMax - left]),
  };
}

/** Mirrors an image, left for right and top for bottom as asked. */
export function turn({ image, boxes }: MarkedImage, { columns, rows }: Turn): MarkedImage {
  if (!columns && !rows) return { image, boxes };
  const { height, width } = image;
  const data = new Uint16Array(image.data.length);
  for (let y = 0; y < height; y++) {
    const line = image.data.slice(y * width, (y + 1) * width);
    data.set(columns ? line.reverse() : line, (rows ? height - 1 - y : y) * width);
  }
  return {
    image: { ...image, data },
    boxes: boxes.map((box) => turnBox(box, image, { columns, rows })),
  };
}

/** A box of an image that is mirrored; twice is not at all. */
export const turnBox = (
  [yMin, xMin, yMax, xMax]: Box,
  { height, width }: { readonly height: number; readonly width: number },
  { columns, rows }: Turn,
): Box => [
  rows ? height - yMax : yMin,
  columns ? width - xMax : xMin,
  rows ? height - yMin : yMax,
  columns ? width - xMin : xMax,
];
