import fc from "fast-check";
import type { Box } from "../../src/base/boxes.ts";
import type { ImageResult } from "../../src/evaluate/detection.ts";

/** Boxes on a coarse grid, so that they often overlap. */
const box = fc
  .tuple(fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .map(([y, x, height, width]): Box => [y, x, y + height, x + width]);
const label = fc.integer({ min: 1, max: 2 });

const imageShape = fc.record({
  patient: fc.constantFrom("a", "b", "c", "d", "e"),
  annotations: fc.array(fc.record({ box, label }), { maxLength: 3 }),
  detections: fc.array(fc.record({ box, label, score: fc.integer({ min: 1, max: 30 }) }), { maxLength: 6 }),
});

/** Images with lesions and detections of two classes. Scores tie between images, never within one. */
export const arbitraryResults: fc.Arbitrary<ImageResult[]> = fc
  .array(imageShape, { minLength: 1, maxLength: 8 })
  .map((images) =>
    images.map((image) => ({
      ...image,
      detections: image.detections.map((detection, index) => ({
        ...detection,
        score: detection.score + index / 8,
      })),
    })),
  );

/** Every image as often as its weight, the copies side by side. */
export const repeatImages = (results: readonly ImageResult[], weights: ArrayLike<number>): ImageResult[] =>
  results.flatMap((result, index) => new Array<ImageResult>(weights[index]).fill(result));
