// BCS-DBT (Buda et al., JAMA Network Open 2021; TCIA): tomosynthesis volumes. A slice stands for the SM: that of a box's centre,
// or the middle one of a volume without a finding.
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Box } from "../../base/boxes.ts";
import { UserError } from "../../base/errors.ts";
import type { Split } from "../manifest.ts";
import type { ImportedRow, Importer, Problems } from "./imported.ts";
import { namesIn, numberIn, readTable, sideOf, type TableRow } from "./tables.ts";

const splits: readonly (readonly [word: string, split: Split])[] = [
  ["train", "train"],
  ["validation", "validation"],
  ["test", "test"],
];

const keyOf = ({ fields }: TableRow): string => [fields.PatientID, fields.StudyUID, fields.View].join("\0");

/** NumberOfFrames, from the file's first mebibyte: a volume's header is short and its pixels are not. */
export async function framesOf(path: string): Promise<number | undefined> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0);
    const at = buffer.subarray(0, bytesRead).indexOf(Buffer.from([0x28, 0x00, 0x08, 0x00, 0x49, 0x53]));
    if (at < 0) return undefined;
    const count = Number(buffer.toString("latin1", at + 8, at + 8 + buffer.readUInt16LE(at + 6)).trim());
    return Number.isInteger(count) && count > 0 ? count : undefined;
  } finally {
    await file.close();
  }
}

interface Mark {
  readonly slice: number;
  readonly box: Box;
  readonly label: string;
}

async function marksOf(folder: string, table: string | undefined): Promise<Map<string, Mark[]>> {
  const marks = new Map<string, Mark[]>();
  if (!table) return marks;
  const path = join(folder, table);
  const columns = ["PatientID", "StudyUID", "View", "Slice", "X", "Y", "Width", "Height", "Class"];
  for (const row of await readTable(path, columns)) {
    const [slice, x, y, width, height] = ["Slice", "X", "Y", "Width", "Height"].map((column) =>
      numberIn(path, row, column),
    );
    const mark: Mark = { slice, box: [y, x, y + height, x + width], label: row.fields.Class.toLowerCase() };
    marks.set(keyOf(row), [...(marks.get(keyOf(row)) ?? []), mark]);
  }
  return marks;
}

/** One row a slice that has boxes, or the middle slice. */
async function rowsOf(
  file: string,
  marks: readonly Mark[],
  base: Omit<ImportedRow, "sm" | "smBoxes" | "labels">,
  problems: Problems,
): Promise<ImportedRow[]> {
  const slices = [...new Set(marks.map(({ slice }) => slice))];
  if (slices.length === 0) {
    const frames = existsSync(file) ? await framesOf(file) : 1;
    if (!frames) {
      problems.add("volumes that do not say how many slices they have, left out", file);
      return [];
    }
    slices.push(Math.floor(frames / 2));
  }
  return slices.map((slice) => {
    const own = marks.filter((mark) => mark.slice === slice);
    return {
      ...base,
      sm: `${file}#${slice + 1}`,
      smBoxes: own.map(({ box }) => box),
      labels: own.map(({ label }) => label),
    };
  });
}

export const bcsDbt: Importer = {
  title: "BCS-DBT: slices of tomosynthesis with boxes (BCS-DBT *file-paths*, *labels*, *boxes*.csv)",
  async read(folder, problems) {
    const tables = await namesIn(folder, /^BCS-DBT.*\.csv$/);
    const find = (kind: string, word: string) =>
      tables.find((name) => name.includes(kind) && name.includes(word));
    const imported: ImportedRow[] = [];
    for (const [word, split] of splits) {
      const paths = find("file-paths", word);
      const labels = find("labels", word);
      if (!paths || !labels) continue;
      const marks = await marksOf(folder, find("boxes", word));
      const columns = ["PatientID", "StudyUID", "View", "Normal", "Actionable", "Benign", "Cancer"];
      const known = new Map(
        (await readTable(join(folder, labels), columns)).map((row) => [keyOf(row), row.fields]),
      );
      for (const row of await readTable(join(folder, paths), [
        "PatientID",
        "StudyUID",
        "View",
        "descriptive_path",
      ])) {
        const { PatientID: patient, View, descriptive_path } = row.fields;
        const side = sideOf(View);
        if (!side) throw new UserError(`${paths}: line ${row.line}, View: "${View}" must begin with l or r`);
        const own = marks.get(keyOf(row)) ?? [];
        if (own.length === 0 && known.get(keyOf(row))?.Normal !== "1") {
          problems.add(
            "volumes without a box that are not known to be normal, left out",
            `${paths} line ${row.line}`,
          );
          continue;
        }
        const view = /mlo/i.test(View) ? "MLO" : "CC";
        imported.push(
          ...(await rowsOf(
            join(folder, descriptive_path),
            own,
            { patient, side, view, ffdmBoxes: [], split },
            problems,
          )),
        );
      }
    }
    if (imported.length === 0)
      throw new UserError(`${folder}: has no tables BCS-DBT *file-paths* and *labels* with rows`);
    return imported;
  },
};
