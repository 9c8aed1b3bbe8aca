// Pictures for people: grey images with coloured boxes, tiled side by side, as 8-bit RGB PNG.
import { encode } from "fast-png";
import type { Box } from "../base/boxes.ts";
import { resample, resizeAxis } from "./resample.ts";

/** Row-major, height × width × 3. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

export type Colour = readonly [red: number, green: number, blue: number];

/** Colours that differ for readers with any colour vision (Okabe and Ito), in the order of classes. */
export const palette: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
];

interface Pixels {
  readonly height: number;
  readonly width: number;
  /** Row-major, height × width. */
  readonly data: Uint16Array | Float32Array;
}

/** The values that are shown black and white: the least and the greatest, or those at the quantiles that are named. */
export function displayRange(data: ArrayLike<number>, shares = [0, 1]): [low: number, high: number] {
  const sorted = Float64Array.from(data).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(shares[0]), at(shares[1])];
}

/**
 * A grey picture of an image, shrunk by area average until no side is longer than `longest` pixels.
 * @param range the values that become black and white; default the image's least and greatest.
 */
export function grayPicture(
  image: Pixels,
  range = displayRange(image.data),
  longest = Number.POSITIVE_INFINITY,
): Picture {
  const scale = Math.min(1, longest / Math.max(image.height, image.width));
  const [height, width] = [image.height, image.width].map((side) => Math.max(1, Math.round(side * scale)));
  const shrunk = resample(
    image.data,
    image.width,
    resizeAxis(image.height, height),
    resizeAxis(image.width, width),
  );
  const [low, high] = range;
  const toGray = 255 / Math.max(high - low, Number.MIN_VALUE);
  const data = new Uint8Array(3 * height * width);
  shrunk.forEach((value, index) => {
    const gray = Math.round(Math.min(Math.max((value - low) * toGray, 0), 255));
    data.fill(gray, 3 * index, 3 * index + 3);
  });
  return { height, width, data };
}

/** Each pixel as a square of `factor` × `factor`. */
export function enlarge({ height, width, data }: Picture, factor: number): Picture {
  const large = { height: height * factor, width: width * factor };
  const pixels = new Uint8Array(3 * large.height * large.width);
  for (let y = 0; y < large.height; y++)
    for (let x = 0; x < large.width; x++) {
      const from = 3 * (Math.floor(y / factor) * width + Math.floor(x / factor));
      pixels.set(data.subarray(from, from + 3), 3 * (y * large.width + x));
    }
  return { ...large, data: pixels };
}

/** Paints the outline of a box, in the picture's pixels, around what it bounds: the box's own pixels stay visible. */
export function drawBox(picture: Picture, box: Box, colour: Colour, thickness = 1): void {
  const low = [box[0], box[1]].map((edge) => Math.floor(edge) - thickness);
  const high = [box[2], box[3]].map((edge) => Math.ceil(edge) + thickness);
  for (let layer = 0; layer < thickness; layer++) {
    for (let x = low[1]; x < high[1]; x++) {
      paint(picture, low[0] + layer, x, colour);
      paint(picture, high[0] - 1 - layer, x, colour);
    }
    for (let y = low[0]; y < high[0]; y++) {
      paint(picture, y, low[1] + layer, colour);
      paint(picture, y, high[1] - 1 - layer, colour);
    }
  }
}

/** Sets one pixel; those outside the picture are left out. */
export function paint({ height, width, data }: Picture, y: number, x: number, colour: Colour): void {
  if (y >= 0 && x >= 0 && y < height && x < width) data.set(colour, 3 * (y * width + x));
}

/** Rows of pictures, each at the top left of its cell, on a ground of one colour; a row or column is as wide as its largest. */
export function tile(rows: readonly (readonly Picture[])[], gap = 8, ground: Colour = [40, 40, 48]): Picture {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const heights = rows.map((row) => Math.max(0, ...row.map(({ height }) => height)));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.width ?? 0)),
  );
  const startsOf = (sizes: readonly number[]) => {
    let next = gap;
    return sizes.map((size) => (next += size + gap) - size - gap);
  };
  const [tops, lefts] = [startsOf(heights), startsOf(widths)];
  const extent = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size + gap, gap);
  const [height, width] = [extent(heights), extent(widths)];
  const data = new Uint8Array(3 * height * width);
  for (let index = 0; index < data.length; index += 3) data.set(ground, index);
  rows.forEach((row, r) => {
    row.forEach((picture, column) => {
      for (let y = 0; y < picture.height; y++)
        data.set(
          picture.data.subarray(3 * y * picture.width, 3 * (y + 1) * picture.width),
          3 * ((tops[r] + y) * width + lefts[column]),
        );
    });
  });
  return { height, width, data };
}

/** The bytes of an 8-bit RGB PNG. */
export function encodePicture({ height, width, data }: Picture): Uint8Array {
  return encode({ height, width, data, depth: 8, channels: 3 });
}
