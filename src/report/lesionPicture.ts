// An image with what a detector has found in it.
import type { Box } from "../base/boxes.ts";
import type { GrayImage } from "../data/grayImage.ts";
import { drawBox, grayPicture, type Picture, palette } from "../data/picture.ts";

const longestSide = 1024;

export interface ScoredLesion {
  readonly label: string;
  readonly score: number;
  /** In pixels of the image. */
  readonly box: Box;
}

/** Boxes in the colours of their classes, the more certain the thicker. @param classes the run's, class 1 first. */
export function lesionPicture(
  image: GrayImage,
  lesions: readonly ScoredLesion[],
  classes: readonly string[],
): Picture {
  const picture = grayPicture(image, undefined, longestSide);
  const scale = picture.height / image.height;
  for (const { label, score, box } of lesions) {
    const [yMin, xMin, yMax, xMax] = box.map((edge) => edge * scale);
    const colour = palette[Math.max(classes.indexOf(label), 0) % palette.length];
    drawBox(picture, [yMin, xMin, yMax, xMax], colour, score >= 0.5 ? 3 : score >= 0.2 ? 2 : 1);
  }
  return picture;
}
