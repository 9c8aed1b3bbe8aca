// Boxes as the detector, the data and the evaluation hold them: yMin, xMin, yMax, xMax in pixels, edges not centres,
// so that a box of one pixel has an extent of 1.
export type Box = readonly [yMin: number, xMin: number, yMax: number, xMax: number];

export const boxArea = ([yMin, xMin, yMax, xMax]: Box): number =>
  Math.max(yMax - yMin, 0) * Math.max(xMax - xMin, 0);

/** Area of the intersection over area of the union; 0 for two boxes without area. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const height = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const width = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (height <= 0 || width <= 0) return 0;
  return (height * width) / (boxArea(a) + boxArea(b) - height * width);
}

/** What a detector says about one place of an image. */
export interface Detection {
  readonly box: Box;
  /** Sigmoid of the class logit. */
  readonly score: number;
  /** Class, from 1. */
  readonly label: number;
}

/** A lesion that a reader has marked. */
export interface Annotation {
  readonly box: Box;
  /** Class, from 1. */
  readonly label: number;
}

/** Box number `index` of a flat array of them. */
export function boxAt(boxes: ArrayLike<number>, index: number): Box {
  const at = 4 * index;
  return [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
}
