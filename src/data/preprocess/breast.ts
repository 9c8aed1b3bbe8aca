// Finds the breast on a mammogram: by what is brighter than the air, on a small copy.
import type { Box } from "../../base/boxes.ts";
import type { GrayImage } from "../grayImage.ts";
import { resample, resizeAxis } from "../resample.ts";
import { type Air, findAir, type Rectangle, withinFrames } from "./air.ts";
import { type Component, components, dilate, type Mask, removeThin } from "./mask.ts";

/** Longest side of the copy that is searched. */
const copySide = 512;
/** Of the copy's longest side: half the width of what is too thin for a breast, and the margin around it. */
const [thinShare, marginShare] = [0.02, 0.02];
/** Of the copy's area: the smallest breast. */
const leastBreast = 0.04;
/** Of the picture's area: the most that padding along its edges covers. */
const mostPadding = 0.1;
/** Of the copy's longest side: a gap to the picture's edge that still counts as touching it. */
const touchShare = 0.01;
/** A part that touches all four sides and fills less than this of them is a frame. */
const frameFill = 0.5;
/** Of the breast's height: how much longer one side of it must be straight than the other to be the chest wall. */
const clearlyLonger = 0.4;

export type ChestSide = "left" | "right";

export interface Breast {
  /** What to keep of the image, in whole pixels: of a region all that is within the frames. */
  readonly box: Box;
  /** Where the tissue ends straight; absent when the picture is all tissue. */
  readonly side?: ChestSide;
  /** Absent: the picture is all tissue, or nothing on it is a breast. */
  readonly air?: Air;
  /** The breast with a margin, on a copy of the image of another size. Outside are air, labels, edges of film. */
  readonly mask?: Mask;
  /** Whether the picture's upper and lower edge cut the tissue, or it is all tissue. */
  readonly isRegion: boolean;
  /** Whether there is air, but nothing of a breast's size. */
  readonly missing: boolean;
}

/** For a picture of which everything is kept. */
export const allTissue = ({ height, width }: GrayImage): Breast => ({
  box: [0, 0, height, width],
  isRegion: true,
  missing: false,
});

/**
 * The breast is the largest part above the air that touches the picture's edge within its frames. A picture whose
 * tissue runs from its upper to its lower edge is a region that somebody has chosen, or a breast larger than the detector:
 * there is nothing to crop, and its field stays. A part without a chest wall is gland that stands out of dark fat, and the
 * picture all tissue.
 */
export function findBreast(image: GrayImage): Breast {
  const copy = shrink(image);
  const frame = withinFrames(image);
  const rectangle = scaleRectangle(frame, copy.height / image.height, copy.width / image.width);
  const air = airOf(copy, rectangle, image.padding);
  const bright = air && aboveAir(copy, rectangle, air);
  if (!bright || !hasOpenAir(bright, rectangle)) return allTissue(image);
  const radius = Math.max(1, Math.round(thinShare * Math.max(copy.height, copy.width)));
  const found = breastOf(removeThin(bright, radius), rectangle);
  if (!found) return { ...allTissue(image), missing: true };
  const side = chestSide(found);
  if (!side) return allTissue(image);
  const touch = touchOf(copy.height, copy.width);
  const isRegion = found.top <= rectangle.top + touch && found.bottom >= rectangle.bottom - touch;
  const mask = withMargin(found, side, rectangle);
  const box: Box = isRegion ? [frame.top, frame.left, frame.bottom, frame.right] : boxOf(mask, image);
  return { box, side, air, mask, isRegion, missing: false };
}

const touchOf = (height: number, width: number): number => Math.ceil(touchShare * Math.max(height, width));

interface Copy {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

function shrink({ height, width, data }: GrayImage): Copy {
  const scale = Math.min(1, copySide / Math.max(height, width));
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side * scale)));
  return {
    height: rows,
    width: columns,
    data: resample(data, width, resizeAxis(height, rows), resizeAxis(width, columns)),
  };
}

/** The whole cells within a rectangle. */
const scaleRectangle = ({ top, left, bottom, right }: Rectangle, y: number, x: number): Rectangle => ({
  top: Math.ceil(top * y - 1e-9),
  left: Math.ceil(left * x - 1e-9),
  bottom: Math.floor(bottom * y + 1e-9),
  right: Math.floor(right * x + 1e-9),
});

function isWithin(cell: number, width: number, { top, left, bottom, right }: Rectangle): boolean {
  const [row, column] = [Math.floor(cell / width), cell % width];
  return row >= top && row < bottom && column >= left && column < right;
}

/** Padding along an edge would be taken for the air; but where it is much of the picture, it is the air. */
function airOf({ width, data }: Copy, rectangle: Rectangle, padding: number | undefined): Air | undefined {
  const values = data.filter((_, cell) => isWithin(cell, width, rectangle));
  const unpadded = values.filter((value) => value !== padding);
  const isEdge = unpadded.length > (1 - mostPadding) * values.length;
  return (isEdge ? findAir(unpadded) : undefined) ?? findAir(values);
}

function aboveAir({ height, width, data }: Copy, rectangle: Rectangle, air: Air): Mask {
  const mask = new Uint8Array(height * width);
  for (let row = rectangle.top; row < rectangle.bottom; row++)
    for (let column = rectangle.left; column < rectangle.right; column++)
      mask[row * width + column] = Number(data[row * width + column] > air.threshold);
  return { height, width, data: mask };
}

/**
 * Whether air is most of one side's edge: the breast touches the other. Dark fat in a picture that is all tissue is at
 * neither.
 */
function hasOpenAir({ width, data }: Mask, { top, left, bottom, right }: Rectangle): boolean {
  const isOpen = (column: number) => {
    let dark = 0;
    for (let row = top; row < bottom; row++) dark += 1 - data[row * width + column];
    return dark > (bottom - top) / 2;
  };
  const depth = Math.min(touchOf(data.length / width, width), right - left);
  const edges = Array.from({ length: depth }, (_, column) => [left + column, right - 1 - column]).flat();
  return edges.some(isOpen);
}

/** The largest part that touches a side of the rectangle and is no frame; without one, the largest that is no frame. */
function breastOf(mask: Mask, rectangle: Rectangle): Component | undefined {
  const touch = touchOf(mask.height, mask.width);
  const sidesOf = ({ top, left, bottom, right }: Component) =>
    Number(top <= rectangle.top + touch) +
    Number(left <= rectangle.left + touch) +
    Number(bottom >= rectangle.bottom - touch) +
    Number(right >= rectangle.right - touch);
  const isFrame = (part: Component) =>
    sidesOf(part) === 4 && part.area < frameFill * (part.bottom - part.top) * (part.right - part.left);
  const parts = components(mask, leastBreast * mask.height * mask.width).filter((part) => !isFrame(part));
  return parts.find((part) => sidesOf(part) > 0) ?? parts[0];
}

/** The side along which more of the breast's rows end, within a few pixels: skin is curved, a chest wall is not. */
function chestSide({ mask, top, left, bottom, right }: Component): ChestSide | undefined {
  const depth = Math.max(1, Math.round(touchShare * (right - left)));
  const rowsAt = (from: number, to: number) => {
    let rows = 0;
    for (let row = top; row < bottom; row++)
      rows += Number(mask.data.subarray(row * mask.width + from, row * mask.width + to).includes(1));
    return rows;
  };
  const difference = rowsAt(left, left + depth) - rowsAt(right - depth, right);
  if (Math.abs(difference) < clearlyLonger * (bottom - top)) return undefined;
  return difference > 0 ? "left" : "right";
}

/**
 * Each row filled from the chest wall to the skin, because dark fat is breast too, and a margin around it, but none
 * beyond the chest wall, where the detector ends.
 */
function withMargin({ mask, ...extent }: Component, side: ChestSide, rectangle: Rectangle): Mask {
  const { height, width } = mask;
  const filled = new Uint8Array(mask.data.length);
  for (let row = extent.top; row < extent.bottom; row++) {
    const line = mask.data.subarray(row * width, (row + 1) * width);
    const first = side === "left" ? extent.left : line.indexOf(1);
    const last = side === "right" ? extent.right - 1 : line.lastIndexOf(1);
    if (line.includes(1)) filled.fill(1, row * width + first, row * width + last + 1);
  }
  const margin = Math.max(1, Math.round(marginShare * Math.max(height, width)));
  const grown = dilate({ height, width, data: filled }, margin);
  const limits = { ...rectangle, [side]: extent[side] };
  return { ...grown, data: grown.data.map((value, cell) => (isWithin(cell, width, limits) ? value : 0)) };
}

/** The whole pixels of the image that a mask of it spans. */
function boxOf(mask: Mask, image: GrayImage): Box {
  const [{ top, left, bottom, right }] = components(mask, 1);
  const [y, x] = [image.height / mask.height, image.width / mask.width];
  return [
    Math.floor(top * y),
    Math.floor(left * x),
    Math.min(Math.ceil(bottom * y), image.height),
    Math.min(Math.ceil(right * x), image.width),
  ];
}
