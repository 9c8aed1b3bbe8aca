// From a pair as it is on disk to a pair as the network takes it: both images on one grid, standardised, with their
// boxes in pixels of that grid.
import type { Box } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import type { GrayImage } from "./grayImage.ts";
import type { PairRecord } from "./manifest.ts";
import { resample, resizeAxis } from "./resample.ts";

/** A pair on the network's grid. Images are row-major, height × width. */
export interface PreparedPair {
  readonly ffdm: Float32Array;
  readonly sm: Float32Array;
  readonly ffdmBoxes: readonly Box[];
  /** In the order of `ffdmBoxes`. */
  readonly smBoxes: readonly Box[];
  readonly classes: readonly number[];
}

const largestAspectDifference = 0.02;
const boxTolerance = 0.5;
const smallestDeviation = 1e-5;

/**
 * Lays both images and their boxes on the height × width grid.
 * @throws UserError when the images' aspect ratios differ by more than 2 %, or a box leaves its image by more than
 * half a pixel.
 */
export function preparePair(
  record: PairRecord,
  ffdm: GrayImage,
  sm: GrayImage,
  height: number,
  width: number,
): PreparedPair {
  checkAspects(record, ffdm, sm);
  checkBoxes(record, "FFDM", record.ffdm, ffdm, record.ffdmBoxes);
  checkBoxes(record, "SM", record.sm, sm, record.smBoxes);
  return {
    ffdm: prepareImage(ffdm, height, width),
    sm: prepareImage(sm, height, width),
    ffdmBoxes: record.ffdmBoxes.map((box) => scaleBox(box, ffdm, height, width)),
    smBoxes: record.smBoxes.map((box) => scaleBox(box, sm, height, width)),
    classes: record.classes,
  };
}

/**
 * Resamples to height × width (along each axis: area average when it shrinks, linear when it grows) and standardises
 * to mean 0 and standard deviation 1; an image without contrast becomes 0.
 */
export function prepareImage(image: GrayImage, height: number, width: number): Float32Array {
  const pixels = resample(
    image.data,
    image.width,
    resizeAxis(image.height, height),
    resizeAxis(image.width, width),
  );
  let sum = 0;
  for (const value of pixels) sum += value;
  const mean = sum / pixels.length;
  let squares = 0;
  for (const value of pixels) squares += (value - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / pixels.length), smallestDeviation);
  return pixels.map((value) => (value - mean) / deviation);
}

/** A box of an image in pixels of a height × width grid laid over it. */
export function scaleBox(
  [yMin, xMin, yMax, xMax]: Box,
  image: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): Box {
  const [y, x] = [height / image.height, width / image.width];
  return [yMin * y, xMin * x, yMax * y, xMax * x];
}

const sizeOf = ({ height, width }: GrayImage): string => `${height}x${width}`;

function checkAspects(record: PairRecord, ffdm: GrayImage, sm: GrayImage): void {
  const ratio = ffdm.width / ffdm.height / (sm.width / sm.height);
  if (Math.max(ratio, 1 / ratio) - 1 > largestAspectDifference)
    throw new UserError(
      `manifest row ${record.row}: ${record.ffdm} is ${sizeOf(ffdm)} pixels and ${record.sm} ${sizeOf(sm)} (height x width): their aspect ratios must agree within 2 %`,
    );
}

function checkBoxes(
  record: PairRecord,
  kind: string,
  file: string,
  image: GrayImage,
  boxes: readonly Box[],
): void {
  for (const box of boxes) {
    const [yMin, xMin, yMax, xMax] = box;
    const least = Math.min(yMin, xMin, image.height - yMax, image.width - xMax);
    if (least < -boxTolerance)
      throw new UserError(
        `manifest row ${record.row}: ${kind} box ${box.join(" ")} lies outside ${file} of ${sizeOf(image)} pixels (height x width)`,
      );
  }
}
