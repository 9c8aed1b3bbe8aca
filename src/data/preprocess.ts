// From a pair as it is on disk to a pair as the network takes it: cut to the breast, turned, both images on one
// millimetre grid, standardised, with their boxes in pixels of that grid.
import { type Box, boxArea } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import type { GrayImage } from "./grayImage.ts";
import type { PairRecord } from "./manifest.ts";
import { allTissue, type Breast, findBreast } from "./preprocess/breast.ts";
import { fittingGrid, type Grid } from "./preprocess/grid.ts";
import type { Turn } from "./preprocess/orientation.ts";
import {
  defaultPreprocess,
  type ImageSteps,
  isolateBreast,
  type LaidImage,
  layImage,
  type PreprocessOptions,
} from "./preprocess/single.ts";

/** A pair on the network's grid. Images are row-major, height × width. */
export interface PreparedPair {
  readonly ffdm: Float32Array;
  readonly sm: Float32Array;
  readonly ffdmBoxes: readonly Box[];
  /** In the order of `ffdmBoxes`. */
  readonly smBoxes: readonly Box[];
  readonly classes: readonly number[];
  /** Side of the grid's pixel in mm; absent where a file does not say its own. */
  readonly spacing?: number;
  /** What a person should look at, each a line that names its file or row; absent when there is nothing. */
  readonly warnings?: readonly string[];
}

const halves = ["ffdm", "sm"] as const;
type Half = (typeof halves)[number];
type Both<T> = Readonly<Record<Half, T>>;

const largestAspectDifference = 0.02;
const largestHeightDifference = 0.15;
const boxTolerance = 0.5;

/** A pair after each step. */
export interface PairSteps {
  readonly images: Both<ImageSteps>;
  readonly grid: Grid;
  readonly laid: Both<LaidImage>;
  readonly prepared: PreparedPair;
}

/** As `preparePair`, with what lies between. */
export function pairSteps(
  record: PairRecord,
  ffdm: GrayImage,
  sm: GrayImage,
  height: number,
  width: number,
  options: PreprocessOptions = defaultPreprocess,
): PairSteps {
  const spacings = spacingsOf(record, ffdm, sm, options);
  checkBoxes(record, "FFDM", record.ffdm, ffdm, record.ffdmBoxes);
  checkBoxes(record, "SM", record.sm, sm, record.smBoxes);
  const breasts = findBreasts(record, { ffdm, sm });
  const images = isolateBoth(record, { ffdm, sm }, breasts, options);
  const extents = halves.map((half) => ({ ...images[half].turned.image, spacing: spacings[half] }));
  const grid =
    options.spacing === null
      ? fittingGrid(height, width, extents)
      : { height, width, spacing: options.spacing };
  const laid = {
    ffdm: layImage(images.ffdm, spacings.ffdm, grid),
    sm: layImage(images.sm, spacings.sm, grid),
  };
  const kept = visibleLesions(laid.ffdm.boxes, laid.sm.boxes, grid);
  const warnings = [
    ...sideWarnings(record, { ffdm, sm }),
    ...breasts.warnings,
    ...halves.flatMap((half) => images[half].warnings),
    ...heightWarning(record, images, spacings),
    ...lossWarning(record, kept.length),
  ];
  const prepared = {
    ffdm: laid.ffdm.pixels,
    sm: laid.sm.pixels,
    ffdmBoxes: kept.map((index) => clip(laid.ffdm.boxes[index], grid)),
    smBoxes: kept.map((index) => clip(laid.sm.boxes[index], grid)),
    classes: kept.map((index) => record.classes[index]),
    ...(ffdm.spacing && sm.spacing ? { spacing: grid.spacing } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  return { images, grid, laid, prepared };
}

/**
 * Cuts both images to the breast, turns them alike and lays them with their boxes on one height × width grid of square
 * millimetres. Images without a pixel spacing are taken to show the same field; their aspect ratios must agree within 2 %.
 * @throws UserError when they do not, when a grid in mm is asked for and a spacing is missing, or when a box leaves its
 * image by more than half a pixel.
 */
export function preparePair(
  record: PairRecord,
  ffdm: GrayImage,
  sm: GrayImage,
  height: number,
  width: number,
  options: PreprocessOptions = defaultPreprocess,
): PreparedPair {
  return pairSteps(record, ffdm, sm, height, width, options).prepared;
}

/**
 * When a breast with air around it is found on one half and not on the other, one of the two is mistaken, and both are kept
 * whole.
 */
function findBreasts(record: PairRecord, images: Both<GrayImage>): Both<Breast> & { warnings: string[] } {
  const [ffdm, sm] = [findBreast(images.ffdm), findBreast(images.sm)];
  if ((ffdm.mask === undefined) === (sm.mask === undefined)) return { ffdm, sm, warnings: [] };
  const [found, other] = ffdm.mask ? [record.ffdm, record.sm] : [record.sm, record.ffdm];
  const warning = `manifest row ${record.row}: air around a breast is found on ${found} and not on ${other}; both are kept whole`;
  // A region is kept whole anyway: a sliver of air at its edge may be seen on one half alone.
  const warnings = (ffdm.mask ? ffdm : sm).isRegion ? [] : [warning];
  return { ffdm: allTissue(images.ffdm), sm: allTissue(images.sm), warnings };
}

/** An image that does not say how it lies is turned as the other half of its pair. */
function isolateBoth(
  record: PairRecord,
  images: Both<GrayImage>,
  breasts: Both<Breast>,
  options: PreprocessOptions,
): Both<ImageSteps> {
  const isolate = (half: Half, fallback?: Turn) => {
    const marked = { image: images[half], boxes: record[`${half}Boxes`] };
    return isolateBreast(marked, record[half], options, breasts[half], fallback);
  };
  const first = isolate("ffdm");
  const second = isolate("sm", first.turn);
  return { ffdm: !first.isOriented && second.isOriented ? isolate("ffdm", second.turn) : first, sm: second };
}

function sideWarnings(record: PairRecord, images: Both<GrayImage>): string[] {
  return halves
    .filter((half) => images[half].laterality && images[half].laterality !== record.side)
    .map(
      (half) =>
        `manifest row ${record.row}: side is ${record.side}, ${record[half]} says ${images[half].laterality}`,
    );
}

type Spacing = readonly [rowMm: number, columnMm: number];

/** The images' own, or in pixels of the FFDM when one has none. */
function spacingsOf(
  record: PairRecord,
  ffdm: GrayImage,
  sm: GrayImage,
  options: PreprocessOptions,
): Both<Spacing> {
  if (ffdm.spacing && sm.spacing) return { ffdm: ffdm.spacing, sm: sm.spacing };
  if (options.spacing !== null)
    throw new UserError(
      `manifest row ${record.row}: ${ffdm.spacing ? record.sm : record.ffdm} has no pixel spacing, which a grid of ${options.spacing} mm needs`,
    );
  checkAspects(record, ffdm, sm);
  return { ffdm: [1, 1], sm: [ffdm.height / sm.height, ffdm.width / sm.width] };
}

/** Both were taken of one compressed breast, so a different height means a wrong spacing, or a wrong pair. */
function heightWarning(record: PairRecord, images: Both<ImageSteps>, spacings: Both<Spacing>): string[] {
  if (images.ffdm.breast.isRegion || images.sm.breast.isRegion) return [];
  const [ffdm, sm] = halves.map((half) => {
    const [top, , bottom] = images[half].breast.box;
    return (bottom - top) * spacings[half][0];
  });
  if (Math.max(ffdm / sm, sm / ffdm) - 1 <= largestHeightDifference) return [];
  const unit = images.ffdm.original.image.spacing && images.sm.original.image.spacing ? "mm" : "FFDM pixels";
  return [
    `manifest row ${record.row}: the breast is ${ffdm.toFixed(0)} ${unit} high on ${record.ffdm} and ${sm.toFixed(0)} on ${record.sm}: is a pixel spacing wrong, or the pair?`,
  ];
}

function lossWarning({ row, classes }: PairRecord, kept: number): string[] {
  if (kept === classes.length) return [];
  return [
    `manifest row ${row}: ${classes.length - kept} of ${classes.length} lesions lie outside what the network is shown, and are left out`,
  ];
}

const clip = ([yMin, xMin, yMax, xMax]: Box, { height, width }: Grid): Box => [
  Math.max(yMin, 0),
  Math.max(xMin, 0),
  Math.min(yMax, height),
  Math.min(xMax, width),
];

/** Places of the lesions of which both images show at least half. */
function visibleLesions(ffdm: readonly Box[], sm: readonly Box[], grid: Grid): number[] {
  const isVisible = (box: Box) => boxArea(clip(box, grid)) >= boxArea(box) / 2;
  return [...ffdm.keys()].filter((index) => isVisible(ffdm[index]) && isVisible(sm[index]));
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
