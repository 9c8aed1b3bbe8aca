// Tables and folders of data sets, as far as they are alike.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { reasonOf, UserError } from "../../base/errors.ts";
import type { Side } from "../manifest.ts";

/** A row of a table, with the line that it starts in. */
export interface TableRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * The rows of a CSV file with a header.
 * @param required columns that must be there.
 * @throws UserError naming the file, and the column or the line.
 */
export async function readTable(
  path: string,
  required: readonly string[],
  delimiter = ",",
): Promise<TableRow[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such file" : reasonOf(error)}`);
  });
  const options = {
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  };
  let records: { info: { lines: number }; record: string[] }[];
  try {
    records = parse(text, options) as unknown as typeof records;
  } catch (error) {
    throw new UserError(`${path}: not a readable CSV file: ${reasonOf(error)}`);
  }
  const header = records[0]?.record ?? [];
  for (const column of required)
    if (!header.includes(column)) throw new UserError(`${path}: line 1: has no column ${column}`);
  return records.slice(1).map(({ info, record }) => {
    if (record.length !== header.length)
      throw new UserError(
        `${path}: line ${info.lines}: has ${record.length} fields, the header ${header.length}`,
      );
    return { line: info.lines, fields: Object.fromEntries(record.map((field, i) => [header[i], field])) };
  });
}

/** A number in a field. @throws UserError naming the file, line and column when there is none. */
export function numberIn(path: string, { line, fields }: TableRow, column: string): number {
  const value = fields[column] === "" ? Number.NaN : Number(fields[column]);
  if (!Number.isFinite(value))
    throw new UserError(`${path}: line ${line}, ${column}: "${fields[column]}" must be a number`);
  return value;
}

/** L or R, however a set writes it; undefined for anything else. */
export function sideOf(text: string): Side | undefined {
  const first = text.trim().charAt(0).toUpperCase();
  return first === "L" || first === "R" ? first : undefined;
}

/** The items of a list as Python prints it, without quotes: "['Mass', 'Skin Thickening']". */
export const pythonList = (text: string): string[] =>
  text
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(",")
    .map((item) => item.trim().replace(/^['"]|['"]$/g, ""))
    .filter((item) => item !== "");

/** Names in a folder that fit, sorted. @throws UserError when there is no such folder. */
export async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot be read as a folder (${reasonOf(error)})`);
  });
  return names.filter((name) => pattern.test(name)).sort();
}

/** Paths of all files below a folder that fit, sorted; none when there is no such folder. */
export async function filesBelow(folder: string, pattern: RegExp): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((entry) => pattern.test(entry))
    .map((entry) => join(folder, entry))
    .sort();
}
