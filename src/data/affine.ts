// Affine changes of an image on its own grid, and of the boxes on it.
import type { Box } from "../base/boxes.ts";
import { linearAxis, resample } from "./resample.ts";

/** From a position (y, x) to (yy · y + yx · x + y0, xy · y + xx · x + x0), in pixels. */
export interface Affine {
  readonly yy: number;
  readonly yx: number;
  readonly y0: number;
  readonly xy: number;
  readonly xx: number;
  readonly x0: number;
}

interface Geometry {
  readonly flip: boolean;
  readonly scale: number;
  readonly shiftY: number;
  readonly shiftX: number;
  readonly rotation?: number;
  readonly shear?: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Mirrored left for right, slanted, turned and magnified about the image's centre, in this order, then shifted. */
export function affineOf(
  { flip, scale, shiftY, shiftX, rotation = 0, shear = 0 }: Geometry,
  height: number,
  width: number,
): Affine {
  const [cos, sin] = [scale * Math.cos(radians(rotation)), scale * Math.sin(radians(rotation))];
  const slant = Math.tan(radians(shear));
  // Rows count downwards, so that a turn to the left takes x to −y.
  const yx = (flip ? 1 : -1) * sin;
  const yy = cos - sin * slant;
  const xx = (flip ? -1 : 1) * cos;
  const xy = sin + cos * slant;
  return {
    yy,
    yx,
    y0: height / 2 - yy * (height / 2) - yx * (width / 2) + shiftY * height,
    xy,
    xx,
    x0: width / 2 - xy * (height / 2) - xx * (width / 2) + shiftX * width,
  };
}

/** The affine that undoes another. */
export function invertAffine({ yy, yx, y0, xy, xx, x0 }: Affine): Affine {
  const determinant = yy * xx - yx * xy;
  const inverse = {
    yy: xx / determinant,
    yx: -yx / determinant,
    xy: -xy / determinant,
    xx: yy / determinant,
  };
  return {
    ...inverse,
    y0: -(inverse.yy * y0 + inverse.yx * x0),
    x0: -(inverse.xy * y0 + inverse.xx * x0),
  };
}

/**
 * Moves an image by linear interpolation between pixel centres; outside, its edge is repeated.
 * @param pixels row-major, height × width, as the result.
 */
export function resampleAffine(
  pixels: Float32Array,
  height: number,
  width: number,
  affine: Affine,
): Float32Array {
  const { yy, yx, y0, xy, xx, x0 } = invertAffine(affine);
  if (yx === 0 && xy === 0) {
    const centres = (count: number, scale: number, start: number) =>
      linearAxis(
        count,
        Float64Array.from({ length: count }, (_, position) => scale * (position + 0.5) + start),
      );
    return resample(pixels, width, centres(height, yy, y0), centres(width, xx, x0));
  }
  return moveImage(pixels, height, width, (y, x) => [yy * y + yx * x + y0, xy * y + xx * x + x0]);
}

/**
 * An image whose every pixel centre is taken from another position, by linear interpolation between pixel centres; outside,
 * the edge is repeated.
 * @param pixels row-major, height × width, as the result.
 * @param source where the position (y, x) is taken from.
 */
export function moveImage(
  pixels: Float32Array,
  height: number,
  width: number,
  source: (y: number, x: number) => readonly [y: number, x: number],
): Float32Array {
  const moved = new Float32Array(height * width);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [fromY, fromX] = source(row + 0.5, column + 0.5);
      const y = Math.min(Math.max(fromY - 0.5, 0), height - 1);
      const x = Math.min(Math.max(fromX - 0.5, 0), width - 1);
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [down, right] = [top + 1 < height ? width : 0, left + 1 < width ? 1 : 0];
      const [v, u] = [y - top, x - left];
      const at = top * width + left;
      moved[row * width + column] =
        (1 - v) * ((1 - u) * pixels[at] + u * pixels[at + right]) +
        v * ((1 - u) * pixels[at + down] + u * pixels[at + down + right]);
    }
  return moved;
}

/**
 * The box of what an ellipse inscribed in the box becomes. Lesions are round rather than rectangular: the bounds of the turned
 * corners would grow by up to √2 with nothing in them (Kalra et al., ICCV 2021). Without turn and slant it is the moved box.
 */
export function transformBox([yMin, xMin, yMax, xMax]: Box, { yy, yx, y0, xy, xx, x0 }: Affine): Box {
  const [y, x] = [(yMin + yMax) / 2, (xMin + xMax) / 2];
  const [tall, wide] = [(yMax - yMin) / 2, (xMax - xMin) / 2];
  const [middleY, middleX] = [yy * y + yx * x + y0, xy * y + xx * x + x0];
  const [halfY, halfX] = [Math.hypot(yy * tall, yx * wide), Math.hypot(xy * tall, xx * wide)];
  return [middleY - halfY, middleX - halfX, middleY + halfY, middleX + halfX];
}
