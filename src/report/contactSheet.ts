// Pairs of a manifest side by side with their boxes, to look at a set in one picture.
import { readImage } from "../data/image.ts";
import type { Manifest, PairRecord } from "../data/manifest.ts";
import {
  drawBox,
  encodePicture,
  enlarge,
  grayPicture,
  type Picture,
  palette,
  tile,
} from "../data/picture.ts";

/** Pairs on a sheet and in a row of it; the longest side of a picture in pixels. */
const [mostPairs, perRow, side] = [16, 4, 256];

async function show(
  file: string,
  boxes: PairRecord["smBoxes"],
  classes: readonly number[],
): Promise<Picture> {
  const image = await readImage(file);
  const factor = Math.max(1, Math.floor(side / Math.max(image.height, image.width)));
  const picture = enlarge(grayPicture(image, [0, 2 ** image.bits - 1], side), factor);
  const scale = picture.height / image.height;
  boxes.forEach((box, index) => {
    const [top, left, bottom, right] = box.map((value) => value * scale);
    drawBox(picture, [top, left, bottom, right], palette[(classes[index] - 1) % palette.length]);
  });
  return picture;
}

/** The bytes of a PNG: the first pairs with lesions, then others; the FFDM on the left of its SM, boxes in their class's colour. */
export async function contactSheet({ pairs }: Manifest): Promise<Uint8Array> {
  const positive = pairs.filter(({ classes }) => classes.length > 0).slice(0, (3 * mostPairs) / 4);
  const others = pairs.filter(({ classes }) => classes.length === 0);
  const shown = [...positive, ...others].slice(0, mostPairs);
  const cells = await Promise.all(
    shown.map(async ({ ffdm, sm, ffdmBoxes, smBoxes, classes }) =>
      tile([[await show(ffdm, ffdmBoxes, classes), await show(sm, smBoxes, classes)]], 2),
    ),
  );
  const rows = Array.from({ length: Math.ceil(cells.length / perRow) }, (_, row) =>
    cells.slice(row * perRow, (row + 1) * perRow),
  );
  return encodePicture(tile(rows));
}
