// Boxes through every step: a bright rectangle on a picture, and where it comes out.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Box } from "../../../src/base/boxes.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import type { PairRecord } from "../../../src/data/manifest.ts";
import { boxOnFile, prepareImage } from "../../../src/data/preprocess/single.ts";
import { crop, turn } from "../../../src/data/preprocess/steps.ts";
import { pairSteps } from "../../../src/data/preprocess.ts";
import { assertClose } from "../../helpers/compare.ts";
import { brightest, type MammogramOptions, mammogram } from "../../helpers/mammogram.ts";

/** The bounds of the pixels above a level. */
function boundsAbove(pixels: ArrayLike<number>, width: number, level: number): Box {
  let [top, left, bottom, right] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (let index = 0; index < pixels.length; index++) {
    if (pixels[index] <= level) continue;
    const [row, column] = [Math.floor(index / width), index % width];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
  }
  return [top, left, bottom, right];
}

/** A pixel of the image or of the grid, whichever is larger: `scales` are of grid pixels an image's. */
const aPixel = (...scales: number[]): number => Math.max(1, ...scales);
const within = (pixels: number) => ({ absolute: pixels, relative: 0 });

/** A lesion well inside the breast of any of these pictures, by its middle and its sides in fractions of the picture. */
const arbitraryLesion = fc.record({
  y: fc.double({ min: 0.42, max: 0.6, noNaN: true }),
  x: fc.double({ min: 0.15, max: 0.35, noNaN: true }),
  tall: fc.double({ min: 0.06, max: 0.14, noNaN: true }),
  wide: fc.double({ min: 0.06, max: 0.14, noNaN: true }),
});
type Lesion = { y: number; x: number; tall: number; wide: number };

function boxOf({ y, x, tall, wide }: Lesion, { height, width, chest }: MammogramOptions): Box {
  const [top, bottom] = [y - tall / 2, y + tall / 2].map((share) => Math.round(share * height));
  const [near, far] = [x - wide / 2, x + wide / 2].map((share) => Math.round(share * width));
  return chest === "left" ? [top, near, bottom, far] : [top, width - far, bottom, width - near];
}

const side = fc.constantFrom("left" as const, "right" as const);
const artefact = fc.constantFrom<Partial<MammogramOptions>>(
  {},
  { label: true, air: 200, noise: 20 },
  { frame: [7, 0] },
  { padding: 9 },
);

test("crops and turns move a rectangle's bounds and its box alike", () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.nat(20),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.boolean(),
      (top, left, height, width, columns, rows) => {
        const box: Box = [top + 2, left + 3, top + 2 + height, left + 3 + width];
        const image: GrayImage = { height: 34, width: 36, bits: 12, data: new Uint16Array(34 * 36) };
        for (let y = box[0]; y < box[2]; y++) image.data.fill(9, y * 36 + box[1], y * 36 + box[3]);
        const cropped = crop({ image, boxes: [box] }, [top, left, top + height + 3, left + width + 4]);
        assert.deepEqual(cropped.boxes[0], [2, 3, 2 + height, 3 + width]);
        const turned = turn(cropped, { columns, rows });
        assert.deepEqual(boundsAbove(turned.image.data, turned.image.width, 0), turned.boxes[0]);
        assert.deepEqual(turn(turned, { columns, rows }), cropped);
      },
    ),
  );
});

test("a lesion's box bounds it on the grid, and leads back to the file", () => {
  const arbitrary = fc.record({
    height: fc.integer({ min: 150, max: 260 }),
    width: fc.integer({ min: 120, max: 200 }),
    chest: side,
    view: fc.constantFrom("CC" as const, "MLO" as const),
    artefact,
    lesion: arbitraryLesion,
    grid: fc.tuple(fc.integer({ min: 64, max: 300 }), fc.integer({ min: 64, max: 300 })),
    spacing: fc.tuple(
      fc.double({ min: 0.5, max: 1, noNaN: true }),
      fc.double({ min: 0.5, max: 1, noNaN: true }),
    ),
    crop: fc.boolean(),
  });
  fc.assert(
    fc.property(arbitrary, ({ artefact, lesion, grid: [height, width], crop, ...shape }) => {
      const options = { ...shape, ...artefact };
      const box = boxOf(lesion, options);
      const image = mammogram({ ...options, lesion: box });
      const result = prepareImage({ image, boxes: [box] }, "f", height, width, { crop, spacing: null });
      // Between the tissue, at most 2500, and the lesion; frames and labels stay only when nothing is cropped.
      if (crop || !(options.frame || options.label)) {
        const bounds = boundsAbove(result.laid, width, (brightest + 2500) / 2);
        const { y, x } = result.placement;
        assertClose(result.boxes[0], bounds, within(aPixel(y.scale, x.scale)), "on the grid");
      }
      assertClose(
        boxOnFile(result.boxes[0], result.steps, result.placement),
        box,
        within(1e-6),
        "on the file",
      );
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("a pair's boxes bound its lesion in both images, whatever their pixels and sides", () => {
  const half = fc.record({ pixel: fc.double({ min: 0.6, max: 1.2, noNaN: true }), chest: side, artefact });
  const arbitrary = fc.record({
    ffdm: half,
    sm: half,
    lesion: arbitraryLesion,
    grid: fc.tuple(fc.integer({ min: 64, max: 200 }), fc.integer({ min: 64, max: 200 })),
    /** Of the breast's size: how much the window of a grid in mm shows. */
    window: fc.option(fc.double({ min: 1.1, max: 2, noNaN: true })),
  });
  fc.assert(
    fc.property(arbitrary, ({ ffdm, sm, lesion, grid: [height, width], window }) => {
      const [fieldHeight, fieldWidth] = [200, 160];
      const spacing =
        window === null
          ? null
          : window * Math.max((0.75 * fieldHeight) / height, (0.65 * fieldWidth) / width);
      const make = ({ pixel, chest, artefact }: typeof ffdm) => {
        const options = {
          height: Math.round(fieldHeight / pixel),
          width: Math.round(fieldWidth / pixel),
          chest,
          ...artefact,
          spacing: [pixel, pixel] as const,
        };
        const box = boxOf(lesion, options);
        return { box, image: mammogram({ ...options, lesion: box }) };
      };
      const [first, second] = [make(ffdm), make(sm)];
      const record: PairRecord = {
        row: 2,
        patient: "P",
        side: "L",
        view: "CC",
        ffdm: "f",
        sm: "s",
        ffdmBoxes: [first.box],
        smBoxes: [second.box],
        classes: [1],
        split: "train",
      };
      const options = { crop: true, spacing };
      const { prepared: pair, grid } = pairSteps(record, first.image, second.image, height, width, options);
      for (const [pixels, boxes, { pixel }] of [
        [pair.ffdm, pair.ffdmBoxes, ffdm],
        [pair.sm, pair.smBoxes, sm],
      ] as const) {
        const peak = pixels.reduce((most, value) => Math.max(most, value));
        const tissue = tissuePeak(pixels, width, boxes[0]);
        assertClose(
          boxes[0],
          boundsAbove(pixels, width, (peak + tissue) / 2),
          within(aPixel(pixel / grid.spacing)),
          "bounds",
        );
      }
      // One breast, one grid: the two lie on each other, but for pixels rounded and columns that a frame or padding hides.
      const hides = ({ artefact }: typeof ffdm) =>
        artefact.frame !== undefined || artefact.padding !== undefined;
      if (!hides(ffdm) && !hides(sm))
        assertClose(pair.smBoxes[0], pair.ffdmBoxes[0], within(1 + 2 / grid.spacing), "FFDM and SM");
      assert.equal(pair.warnings, undefined);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

/** The brightest pixel outside a box with a margin of two. */
function tissuePeak(pixels: Float32Array, width: number, [top, left, bottom, right]: Box): number {
  return pixels.reduce((most, value, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    const near = row > top - 3 && row < bottom + 2 && column > left - 3 && column < right + 2;
    return near ? most : Math.max(most, value);
  }, Number.NEGATIVE_INFINITY);
}
