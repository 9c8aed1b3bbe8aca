// From an importer's rows to those of a manifest: files that are there, marks that lie in the breast, patients in one split.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { Box } from "../../base/boxes.ts";
import { reasonOf } from "../../base/errors.ts";
import type { GrayImage } from "../grayImage.ts";
import { pathOf, readImage } from "../image.ts";
import type { Split } from "../manifest.ts";
import { findBreast } from "../preprocess/breast.ts";
import type { ImportedRow, Problems } from "./imported.ts";

/** Shares of the patients that a set leaves undivided. */
export interface SplitShares {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** A row that goes into the manifest, and the pixel side in mm of what its boxes lie on. */
export interface FinishedRow extends ImportedRow {
  readonly split: Split;
  readonly spacing?: number;
}

/** The same for a patient's name wherever and whenever it is asked. */
const hashOf = (patient: string): string => createHash("sha256").update(patient).digest("hex");

/** Divides patients by shares, those with lesions and those without apart, in an order that their names' hashes give. */
function divide(
  rows: readonly ImportedRow[],
  shares: readonly (readonly [Split, number])[],
): Map<string, Split> {
  const lesions = new Map<string, boolean>();
  for (const { patient, labels } of rows)
    lesions.set(patient, (lesions.get(patient) ?? false) || labels.length > 0);
  const whole = shares.reduce((sum, [, share]) => sum + share, 0);
  const splits = new Map<string, Split>();
  for (const positive of [true, false]) {
    const group = [...lesions].filter(([, has]) => has === positive).map(([patient]) => patient);
    const ordered = group.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1));
    ordered.forEach((patient, place) => {
      let end = 0;
      const found = shares.find(([, share]) => (end += share) * ordered.length > (place + 0.5) * whole);
      splits.set(patient, (found ?? shares[shares.length - 1])[0]);
    });
  }
  return splits;
}

/** Where a set publishes a test part, only the rest is divided. */
function assignSplits(
  rows: readonly ImportedRow[],
  { train, validation, test }: SplitShares,
  problems: Problems,
) {
  const tested = new Set(rows.filter(({ split }) => split === "test").map(({ patient }) => patient));
  const kept = rows.filter(({ patient, split, ffdm, sm }) => {
    const leaks = tested.has(patient) && split !== "test";
    if (leaks)
      problems.add("training images of patients that the set also tests on, left out", ffdm ?? sm ?? "");
    return !leaks;
  });
  const shares: (readonly [Split, number])[] = [
    ["train", train],
    ["validation", validation],
  ];
  if (tested.size === 0) shares.push(["test", test]);
  const divided = divide(
    kept.filter(({ split }) => split === undefined),
    shares,
  );
  return kept.map((row) => ({ ...row, split: row.split ?? (divided.get(row.patient) as Split) }));
}

/** The part of a box's area that lies in another. */
function shareInside([top, left, bottom, right]: Box, around: Box): number {
  const height = Math.min(bottom, around[2]) - Math.max(top, around[0]);
  const width = Math.min(right, around[3]) - Math.max(left, around[1]);
  return (Math.max(height, 0) * Math.max(width, 0)) / ((bottom - top) * (right - left));
}

const tolerance = 1;

/** What is wrong with marks on an image; undefined: nothing. */
function faultOf(image: GrayImage, boxes: readonly Box[]): string | undefined {
  const outside = boxes.some(
    ([top, left, bottom, right]) =>
      Math.min(top, left, image.height - bottom, image.width - right) < -tolerance,
  );
  if (outside) return "marks that leave their image, whose views are left out";
  const breast = findBreast(image);
  if (breast.missing) return undefined;
  const beside = boxes.some((box) => shareInside(box, breast.box) < 0.5);
  return beside ? "marks beside the breast, as on the wrong side, whose views are left out" : undefined;
}

const clip = (box: Box, { height, width }: GrayImage): Box => [
  Math.max(box[0], 0),
  Math.max(box[1], 0),
  Math.min(box[2], height),
  Math.min(box[3], width),
];

/** Looks at the images of a row with marks. @returns undefined when the row cannot be used. */
async function checkMarks(
  row: ImportedRow,
  problems: Problems,
): Promise<(ImportedRow & { spacing?: number }) | undefined> {
  if (row.labels.length === 0) return row;
  const checked: { ffdmBoxes: readonly Box[]; smBoxes: readonly Box[]; spacing?: number } = {
    ffdmBoxes: [],
    smBoxes: [],
  };
  for (const half of ["ffdm", "sm"] as const) {
    const file = row[half];
    if (!file) continue;
    try {
      const image = await readImage(file);
      const boxes = row[`${half}Boxes`];
      const fault = faultOf(image, boxes);
      if (fault) {
        problems.add(fault, file);
        return undefined;
      }
      checked[`${half}Boxes`] = boxes.map((box) => clip(box, image));
      checked.spacing ??= image.spacing?.[0];
    } catch (error) {
      problems.add("images that cannot be read, left out", reasonOf(error));
      return undefined;
    }
  }
  return { ...row, ...checked };
}

/**
 * @param onProgress is told of every row that has been looked at.
 * @returns rows whose files exist and whose marks lie in the breast, in the importer's order.
 */
export async function finishRows(
  rows: readonly ImportedRow[],
  shares: SplitShares,
  problems: Problems,
  onProgress: (done: number) => void,
): Promise<FinishedRow[]> {
  const finished: FinishedRow[] = [];
  for (const [index, row] of assignSplits(rows, shares, problems).entries()) {
    onProgress(index + 1);
    const missing = [row.ffdm, row.sm].find((file) => file !== undefined && !existsSync(pathOf(file)));
    if (missing) {
      problems.add("images that are missing, left out", missing);
      continue;
    }
    const checked = await checkMarks(row, problems);
    if (checked) finished.push({ ...checked, split: row.split });
  }
  return finished;
}
