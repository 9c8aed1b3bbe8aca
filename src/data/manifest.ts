// The pair manifest: a CSV file with one row a view of a breast, which names its FFDM and its SM.
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { type Box, boxArea } from "../base/boxes.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";

const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];
const sides = ["L", "R"] as const;
export type Side = (typeof sides)[number];

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

/** A row as it is written: image paths relative to the manifest, one label a box. */
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
  readonly pairs: readonly PairRecord[];
  /** The distinct labels, sorted; the class number of a label is its index + 1. */
  readonly classes: readonly string[];
}

type NumberedRow = ManifestRow & { readonly row: number };

/**
 * Reads and checks a manifest. Boxes are held against their images when these are loaded.
 * @param requiredSplits must each have pairs; a split that has any needs one with and one without lesions.
 * @throws UserError naming the manifest and, where there is one, the row and the field.
 */
export async function readManifest(
  path: string,
  requiredSplits: readonly Split[] = splits,
): Promise<Manifest> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such manifest" : reasonOf(error)}`);
  });
  const rows = parseTable(path, text).map(({ row, fields }) => parseRow(path, row, fields));
  checkPatients(path, rows);
  checkRepeats(path, rows);
  checkSplits(path, rows, requiredSplits);
  const classes = [...new Set(rows.flatMap(({ labels }) => labels))].sort();
  const pairs = rows.map(({ labels, ...pair }) => ({
    ...pair,
    classes: labels.map((label) => classes.indexOf(label) + 1),
  }));
  return { path, pairs, classes };
}

/** Writes rows as `readManifest` reads them. @throws UserError naming the manifest when it cannot be written. */
export async function writeManifest(path: string, rows: readonly ManifestRow[]): Promise<void> {
  await writeFileAtomically(path, formatManifest(rows));
}

/** The CSV text of a manifest. */
export function formatManifest(rows: readonly ManifestRow[]): string {
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
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function fail(path: string, row: number, field: string, problem: string): never {
  throw new UserError(`${path}: row ${row}, ${field}: ${problem}`);
}

/** The data rows with their line numbers. */
function parseTable(path: string, text: string): { row: number; fields: Record<Column, string> }[] {
  let records: { info: { lines: number }; record: string[] }[];
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
    records = parse(text, options) as unknown as typeof records;
  } catch (error) {
    throw new UserError(`${path}: not a readable CSV file: ${reasonOf(error)}`);
  }
  const [header, ...rows] = records;
  checkHeader(path, header?.record ?? []);
  if (rows.length === 0) throw new UserError(`${path}: has no rows below its header`);
  return rows.map(({ info, record }) => {
    if (record.length !== header.record.length)
      throw new UserError(
        `${path}: row ${info.lines}: has ${record.length} fields, the header ${header.record.length}`,
      );
    const fields = Object.fromEntries(record.map((field, index) => [header.record[index], field]));
    return { row: info.lines, fields: fields as Record<Column, string> };
  });
}

function checkHeader(path: string, header: readonly string[]): void {
  const known: readonly string[] = columns;
  for (const column of columns)
    if (!header.includes(column)) throw new UserError(`${path}: row 1: has no column ${column}`);
  header.forEach((name, index) => {
    if (!known.includes(name))
      throw new UserError(`${path}: row 1: unknown column "${name}", known are ${columns.join(", ")}`);
    if (header.indexOf(name) !== index) throw new UserError(`${path}: row 1: has column ${name} twice`);
  });
}

function parseRow(path: string, row: number, fields: Record<Column, string>): NumberedRow {
  const oneOf = <T extends string>(column: Column, legal: readonly T[]): T => {
    if (!(legal as readonly string[]).includes(fields[column]))
      fail(path, row, column, `"${fields[column]}" must be ${legal.join(" or ")}`);
    return fields[column] as T;
  };
  if (fields.patient === "") fail(path, row, "patient", "must not be empty");
  const boxesOf = (column: Column) =>
    parseBoxes(fields[column], (problem) => fail(path, row, column, problem));
  const [ffdmBoxes, smBoxes] = [boxesOf("ffdm_boxes"), boxesOf("sm_boxes")];
  const labels = listOf(fields.labels);
  if (labels.includes("")) fail(path, row, "labels", `"${fields.labels}" has an empty label`);
  if (ffdmBoxes.length !== smBoxes.length || ffdmBoxes.length !== labels.length)
    fail(
      path,
      row,
      "ffdm_boxes, sm_boxes, labels",
      `${ffdmBoxes.length} FFDM boxes, ${smBoxes.length} SM boxes and ${labels.length} labels: must be equally many`,
    );
  const side = oneOf("side", sides);
  const split = oneOf("split", splits);
  const ffdm = imagePath(path, row, "ffdm", fields.ffdm);
  const sm = imagePath(path, row, "sm", fields.sm);
  if (ffdm === sm) fail(path, row, "ffdm, sm", `both halves of the pair are ${fields.ffdm}`);
  return {
    row,
    patient: fields.patient,
    side,
    view: fields.view,
    ffdm,
    sm,
    ffdmBoxes,
    smBoxes,
    labels,
    split,
  };
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

/** The absolute path of one half of a pair. */
function imagePath(path: string, row: number, column: "ffdm" | "sm", field: string): string {
  const half = `the ${column.toUpperCase()} half of the pair is missing`;
  if (field === "") fail(path, row, column, `${half}: no path is given`);
  const absolute = resolve(dirname(path), field);
  if (!existsSync(absolute) || !statSync(absolute).isFile())
    fail(path, row, column, `${half}: ${absolute} is no file`);
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
  const firstRows = new Map<string, number>();
  for (const { row, ffdm, sm } of rows) {
    const key = `${ffdm}\0${sm}`;
    const first = firstRows.get(key);
    if (first !== undefined) fail(path, row, "ffdm, sm", `the pair of row ${first} again`);
    firstRows.set(key, row);
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
