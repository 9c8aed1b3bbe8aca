// What preprocessing and augmentation do to images, as pictures.
import type { Box } from "../base/boxes.ts";
import {
  displayRange,
  drawBox,
  encodePicture,
  enlarge,
  grayPicture,
  type Picture,
  paint,
  palette,
  tile,
} from "../data/picture.ts";
import type { Breast } from "../data/preprocess/breast.ts";
import type { ImageSteps, LaidImage } from "../data/preprocess/single.ts";
import type { PreparedPair } from "../data/preprocess.ts";

interface Extent {
  readonly height: number;
  readonly width: number;
}

/** Longest side of a picture, and of one of many on a sheet. */
const [shownSide, sheetSide] = [1024, 256];
/** Standardised intensities that are shown black and white. */
const standardRange: [number, number] = [-4, 4];
const [maskColour, cropColour] = [palette[2], palette[1]];

type Pixels = Extent & { readonly data: Uint16Array | Float32Array };

/** An image near the size that is asked for, with its boxes in the colours of their classes. */
function show(
  image: Pixels,
  boxes: readonly Box[],
  classes: readonly number[],
  range: [number, number],
  side = shownSide,
): Picture {
  const factor = Math.max(1, Math.floor(side / Math.max(image.height, image.width)));
  const picture = enlarge(grayPicture(image, range, side), factor);
  boxes.forEach((box, index) => {
    const colour = palette[((classes[index] ?? 1) - 1) % palette.length];
    drawBox(picture, scaleTo(picture, image, box), colour, side > 512 ? 2 : 1);
  });
  return picture;
}

function scaleTo(picture: Extent, image: Extent, [yMin, xMin, yMax, xMax]: Box): Box {
  const [y, x] = [picture.height / image.height, picture.width / image.width];
  return [yMin * y, xMin * x, yMax * y, xMax * x];
}

/** Every step of one image, numbered in its name. @param classes of the image's boxes, from 1. */
export function stepPictures(
  { original, breast, cropped, turned }: ImageSteps,
  { laid, pixels, boxes }: LaidImage,
  grid: Extent,
  classes: readonly number[],
): readonly { readonly name: string; readonly png: Uint8Array }[] {
  // The breast's own range, so that labels and frames do not darken the rest.
  const range = displayRange(laid, [0, 0.999]);
  const first = show(original.image, original.boxes, classes, range);
  const outlined = show(original.image, original.boxes, classes, range);
  drawOutline(outlined, breast);
  drawBox(outlined, scaleTo(outlined, original.image, breast.box), cropColour, 2);
  const pictures: Readonly<Record<string, Picture>> = {
    "1-original": first,
    "2-mask": outlined,
    "3-crop": show(cropped.image, cropped.boxes, classes, range),
    "4-turned": show(turned.image, turned.boxes, classes, range),
    "5-resampled": show({ ...grid, data: laid }, boxes, classes, range),
    "6-normalised": show({ ...grid, data: pixels }, boxes, classes, standardRange),
  };
  return Object.entries(pictures).map(([name, picture]) => ({ name, png: encodePicture(picture) }));
}

/** Where the mask begins and ends. */
function drawOutline(picture: Picture, { mask }: Breast): void {
  if (!mask) return;
  const at = (y: number, x: number) => {
    const row = Math.floor(((y + 0.5) * mask.height) / picture.height);
    const column = Math.floor(((x + 0.5) * mask.width) / picture.width);
    return mask.data[row * mask.width + column];
  };
  for (let y = 1; y < picture.height; y++)
    for (let x = 1; x < picture.width; x++)
      if (at(y, x) !== at(y - 1, x) || at(y, x) !== at(y, x - 1)) paint(picture, y, x, maskColour);
}

/** FFDM and SM beside each other as the network takes them. */
function showPair(pair: PreparedPair, grid: Extent, side: number): Picture[] {
  const one = (data: Float32Array, boxes: readonly Box[]) =>
    show({ height: grid.height, width: grid.width, data }, boxes, pair.classes, standardRange, side);
  return [one(pair.ffdm, pair.ffdmBoxes), one(pair.sm, pair.smBoxes)];
}

/** FFDM at the left, SM at the right, on their common grid. */
export const pairPicture = (pair: PreparedPair, grid: Extent): Uint8Array =>
  encodePicture(tile([showPair(pair, grid, shownSide / 2)]));

/** Variants of a pair, each FFDM beside SM, four a row. */
export function variantsPicture(variants: readonly PreparedPair[], grid: Extent): Uint8Array {
  const rows: Picture[][] = [];
  for (let first = 0; first < variants.length; first += 4)
    rows.push(variants.slice(first, first + 4).flatMap((pair) => showPair(pair, grid, sheetSide)));
  return encodePicture(tile(rows));
}
