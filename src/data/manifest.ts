// The pair manifest: a CSV file with one row a view of a breast, which names its FFDM and its SM.
import { createReadStream, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "csv-parse";
import { type Box, boxArea } from "../base/boxes.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { pathOf } from "./image.ts";

const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];
const sides = ["L", "R"] as const;
export type Side = (typeof sides)[number];
const halves = ["ffdm", "sm"] as const;
export type Half = (typeof halves)[number];

/** The names of the columns that hold a pair's two images; their boxes' are these with "_boxes". */
export type PairColumns = Readonly<Record<Half, string>>;
export const mammogramColumns: PairColumns = { ffdm: "ffdm", sm: "sm" };

const columns = [
  "patient",
  "side",
  "view",
  "ffdm",
  "sm",
  "ffdm_boxes",
  "sm_boxes",
  "labels",
  "split",
] as const;
type Column = (typeof columns)[number];

interface PairFields {
  readonly patient: string;
  readonly side: Side;
  /** CC, MLO, …; may be empty. */
  readonly view: string;
  readonly ffdm: string;
  readonly sm: string;
  /** In pixels of the FFDM. */
  readonly ffdmBoxes: readonly Box[];
  /** The same lesions in the same order, in pixels of the SM. */
  readonly smBoxes: readonly Box[];
  readonly split: Split;
}

/** A row as it is written: image paths relative to the manifest, one label a box; a half that is missing has no path and no boxes. */
export interface ManifestRow extends PairFields {
  readonly labels: readonly string[];
}

/** A checked row: image paths absolute, one class a box. */
export interface PairRecord extends PairFields {
  /** Line of the manifest; the header's is 1. */
  readonly row: number;
  /** Class numbers, from 1. */
  readonly classes: readonly number[];
}

export interface Manifest {
  readonly path: string;
  /** The images that all rows have: both of a pair, or one. A missing half is the other one again, with its boxes. */
  readonly halves: readonly Half[];
  readonly pairs: readonly PairRecord[];
  /** The distinct labels, sorted; the class number of a label is its index + 1. */
  readonly classes: readonly string[];
}

type NumberedRow = ManifestRow & { readonly row: number; readonly halves: readonly Half[] };

/**
 * Reads and checks a manifest. Boxes are held against their images when these are loaded.
 * @param requiredSplits must each have pairs; a split that has any needs one with and one without lesions.
 * @param images the columns of the images that stand for the FFDM and the SM.
 * @throws UserError naming the manifest and, where there is one, the row and the field.
 */
export async function readManifest(
  path: string,
  requiredSplits: readonly Split[] = splits,
  images: PairColumns = mammogramColumns,
): Promise<Manifest> {
  const shared = new SharedText();
  const rows: NumberedRow[] = [];
  for await (const { row, fields } of tableRows(path, images)) rows.push(parseRow(path, row, fields, shared));
  checkPatients(path, rows);
  checkRepeats(path, rows);
  checkSplits(path, rows, requiredSplits);
  const classes = [...new Set(rows.flatMap(({ labels }) => labels))].sort();
  // Field by field: a copy of the rest of an object takes twice the memory.
  const pairs = rows.map(({ row, patient, side, view, ffdm, sm, ffdmBoxes, smBoxes, labels, split }) => ({
    row,
    patient,
    side,
    view,
    ffdm,
    sm,
    ffdmBoxes,
    smBoxes,
    classes: labels.length > 0 ? labels.map((label) => classes.indexOf(label) + 1) : shared.none,
    split,
  }));
  return { path, halves: commonHalves(path, rows), pairs, classes };
}

/** Writes rows as `readManifest` reads them. @throws UserError naming the manifest when it cannot be written. */
export async function writeManifest(
  path: string,
  rows: readonly ManifestRow[],
  images: PairColumns = mammogramColumns,
): Promise<void> {
  await writeFileAtomically(path, formatManifest(rows, images));
}

/** The CSV text of a manifest. */
export function formatManifest(rows: readonly ManifestRow[], images: PairColumns = mammogramColumns): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const boxes = (list: readonly Box[]) => list.map((box) => box.join(" ")).join("; ");
  const lines = rows.map((row) => {
    const fields: Record<Column, string> = {
      ...row,
      ffdm_boxes: boxes(row.ffdmBoxes),
      sm_boxes: boxes(row.smBoxes),
      labels: row.labels.join("; "),
    };
    return columns.map((column) => quote(fields[column])).join(",");
  });
  return `${[columns.map((column) => headOf(column, images)).join(","), ...lines].join("\n")}\n`;
}

/** What a column is called where the images have names of their own. */
function headOf(column: Column, images: PairColumns): string {
  const half = halves.find((each) => column === each || column === `${each}_boxes`);
  return half ? column.replace(half, images[half]) : column;
}

function fail(path: string, row: number, field: string, problem: string): never {
  throw new UserError(`${path}: row ${row}, ${field}: ${problem}`);
}

/** One string for all rows that say the same, and one list for all that say nothing: a manifest may have millions. */
class SharedText {
  readonly #known = new Map<string, string>();
  readonly none: readonly never[] = [];

  of(text: string): string {
    const known = this.#known.get(text);
    if (known === undefined) this.#known.set(text, text);
    return known ?? text;
  }
}

/** The data rows with their line numbers, one after the other as the file is read. */
async function* tableRows(
  path: string,
  images: PairColumns,
): AsyncGenerator<{ row: number; fields: Record<Column, string> }> {
  const heads = columns.map((column) => headOf(column, images));
  let header: readonly string[] | undefined;
  let rows = 0;
  for await (const { info, record } of csvRecords(path)) {
    if (header === undefined) {
      checkHeader(path, record, heads);
      header = record;
      continue;
    }
    const names = header;
    if (record.length !== names.length)
      throw new UserError(
        `${path}: row ${info.lines}: has ${record.length} fields, the header ${names.length}`,
      );
    const fields = Object.fromEntries(
      record.map((field, index) => [columns[heads.indexOf(names[index])], field]),
    );
    rows++;
    yield { row: info.lines, fields: fields as Record<Column, string> };
  }
  if (header === undefined) checkHeader(path, [], heads);
  if (rows === 0) throw new UserError(`${path}: has no rows below its header`);
}

async function* csvRecords(path: string): AsyncGenerator<{ info: { lines: number }; record: string[] }> {
  const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
  const file = createReadStream(path);
  const parser = file.pipe(parse(options));
  file.on("error", (error) => parser.destroy(error));
  try {
    yield* parser;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UserError(`${path}: no such manifest`);
    throw new UserError(`${path}: not a readable CSV file: ${reasonOf(error)}`);
  } finally {
    file.destroy();
  }
}

function checkHeader(path: string, header: readonly string[], known: readonly string[]): void {
  for (const column of known)
    if (!header.includes(column)) throw new UserError(`${path}: row 1: has no column ${column}`);
  header.forEach((name, index) => {
    if (!known.includes(name))
      throw new UserError(`${path}: row 1: unknown column "${name}", known are ${known.join(", ")}`);
    if (header.indexOf(name) !== index) throw new UserError(`${path}: row 1: has column ${name} twice`);
  });
}

function parseRow(
  path: string,
  row: number,
  fields: Record<Column, string>,
  shared: SharedText,
): NumberedRow {
  const oneOf = <T extends string>(column: Column, legal: readonly T[]): T => {
    if (!(legal as readonly string[]).includes(fields[column]))
      fail(path, row, column, `"${fields[column]}" must be ${legal.join(" or ")}`);
    return legal[legal.indexOf(fields[column] as T)];
  };
  if (fields.patient === "") fail(path, row, "patient", "must not be empty");
  const present = halves.filter((half) => fields[half] !== "");
  if (present.length === 0) fail(path, row, "ffdm, sm", "no image is given");
  const labels = listOf(fields.labels);
  if (labels.includes("")) fail(path, row, "labels", `"${fields.labels}" has an empty label`);
  const read = (half: Half) => ({
    file: imagePath(path, row, half, fields[half]),
    boxes: parseBoxes(fields[`${half}_boxes`], (problem) => fail(path, row, `${half}_boxes`, problem)),
  });
  const [first, second = first] = present.map(read);
  const [ffdm, sm] = present.length === 2 ? [first, second] : [first, first];
  for (const half of halves)
    if (!present.includes(half) && fields[`${half}_boxes`] !== "")
      fail(path, row, `${half}_boxes`, `has boxes, and ${half} no image`);
  if (ffdm.boxes.length !== sm.boxes.length || ffdm.boxes.length !== labels.length)
    fail(
      path,
      row,
      "ffdm_boxes, sm_boxes, labels",
      `${ffdm.boxes.length} FFDM boxes, ${sm.boxes.length} SM boxes and ${labels.length} labels: must be equally many`,
    );
  const side = oneOf("side", sides);
  const split = oneOf("split", splits);
  if (present.length === 2 && ffdm.file === sm.file)
    fail(path, row, "ffdm, sm", `both halves of the pair are ${fields.ffdm}`);
  return {
    row,
    halves: present,
    patient: shared.of(fields.patient),
    side,
    view: shared.of(fields.view),
    ffdm: ffdm.file,
    sm: sm.file,
    ffdmBoxes: labels.length > 0 ? ffdm.boxes : shared.none,
    smBoxes: labels.length > 0 ? sm.boxes : shared.none,
    labels: labels.length > 0 ? labels.map((label) => shared.of(label)) : shared.none,
    split,
  };
}

/** What each row has; pairs and single images are trained on in different ways, and do not mix. */
function commonHalves(path: string, rows: readonly NumberedRow[]): readonly Half[] {
  const [{ halves: first }] = rows;
  const other = rows.find((row) => row.halves.join() !== first.join());
  if (other)
    fail(
      path,
      other.row,
      "ffdm, sm",
      `has ${other.halves.join(" and ")}, the rows above ${first.join(" and ")}: give them manifests of their own`,
    );
  return first;
}

const listOf = (text: string): string[] => (text === "" ? [] : text.split(";").map((item) => item.trim()));

/**
 * Boxes as a manifest's field has them: four numbers each, semicolons between.
 * @param refuse is told what is wrong with one of them.
 */
export function parseBoxes(text: string, refuse: (problem: string) => never): Box[] {
  return listOf(text).map((item) => {
    const numbers = item === "" ? [] : item.split(/\s+/).map(Number);
    if (numbers.length !== 4 || !numbers.every(Number.isFinite))
      refuse(`"${item}" must be four numbers: yMin xMin yMax xMax`);
    const box = numbers as unknown as Box;
    if (boxArea(box) === 0) refuse(`box ${item} has no area`);
    return box;
  });
}

/** The absolute path of one half of a pair, with the number of a frame behind it where one is named. */
function imagePath(path: string, row: number, column: Half, field: string): string {
  const absolute = resolve(dirname(path), field);
  const file = pathOf(absolute);
  if (!existsSync(file) || !statSync(file).isFile())
    fail(path, row, column, `the ${column.toUpperCase()} half of the pair is missing: ${file} is no file`);
  return absolute;
}

/** Images of one patient resemble each other, so a patient in two splits would flatter the figures. */
function checkPatients(path: string, rows: readonly NumberedRow[]): void {
  const firstRows = new Map<string, NumberedRow>();
  for (const pair of rows) {
    const first = firstRows.get(pair.patient);
    if (!first) firstRows.set(pair.patient, pair);
    else if (first.split !== pair.split)
      fail(
        path,
        pair.row,
        "split",
        `patient ${pair.patient} is in ${pair.split} here and in ${first.split} in row ${first.row}`,
      );
  }
}

function checkRepeats(path: string, rows: readonly NumberedRow[]): void {
  const byImage = new Map<string, NumberedRow[]>();
  for (const pair of rows) {
    const others = byImage.get(pair.ffdm);
    const first = others?.find(({ sm }) => sm === pair.sm);
    if (first) fail(path, pair.row, "ffdm, sm", `the pair of row ${first.row} again`);
    if (others) others.push(pair);
    else byImage.set(pair.ffdm, [pair]);
  }
}

function checkSplits(path: string, rows: readonly NumberedRow[], required: readonly Split[]): void {
  for (const split of splits) {
    const inSplit = rows.filter((pair) => pair.split === split);
    if (inSplit.length === 0) {
      if (required.includes(split)) throw new UserError(`${path}: split ${split} has no rows`);
      continue;
    }
    const positives = inSplit.filter(({ labels }) => labels.length > 0).length;
    if (positives === 0) throw new UserError(`${path}: split ${split} has no positive pair (one with boxes)`);
    if (positives === inSplit.length)
      throw new UserError(`${path}: split ${split} has no negative pair (one without boxes)`);
  }
}
