// CBIS-DDSM (Lee et al., Scientific Data 2017; TCIA): scanned film, one table row a lesion, outlines as mask images.
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Box } from "../../base/boxes.ts";
import { reasonOf, UserError } from "../../base/errors.ts";
import type { GrayImage } from "../grayImage.ts";
import { readImage } from "../image.ts";
import type { ImportedRow, Importer, Problems } from "./imported.ts";
import { filesBelow, namesIn, readTable, sideOf, type TableRow } from "./tables.ts";

const columns = [
  "patient_id",
  "left or right breast",
  "image view",
  "abnormality type",
  "pathology",
  "image file path",
  "ROI mask file path",
];

/**
 * Images of the set's own path: there, or wherever a downloader has put them below the folder that it begins with. The
 * tables' series folders are not those that TCIA's downloader makes.
 */
async function candidates(folder: string, published: string): Promise<string[]> {
  const path = published.trim();
  const direct = [join(folder, path), join(folder, "CBIS-DDSM", path)].filter((file) => existsSync(file));
  if (direct.length > 0) return direct;
  const [top] = path.split("/");
  return [
    ...(await filesBelow(join(folder, top), /\.dcm$/)),
    ...(await filesBelow(join(folder, "CBIS-DDSM", top), /\.dcm$/)),
  ];
}

/** The bounds of what is bright; undefined when nothing is. */
export function boundsOf({ height, width, data }: GrayImage): Box | undefined {
  let [top, left, bottom, right] = [height, width, 0, 0];
  const half = data.reduce((most, value) => Math.max(most, value), 0) / 2;
  data.forEach((value, index) => {
    if (value <= half) return;
    const [row, column] = [Math.floor(index / width), index % width];
    [top, left] = [Math.min(top, row), Math.min(left, column)];
    [bottom, right] = [Math.max(bottom, row + 1), Math.max(right, column + 1)];
  });
  return bottom > top ? [top, left, bottom, right] : undefined;
}

/** The mask among a lesion's files: mask and cut-out are sometimes swapped in the tables, and the mask has the image's size. */
async function maskBox(folder: string, published: string, image: GrayImage): Promise<Box | undefined> {
  const files = await candidates(folder, published);
  const siblings = files.flatMap((file) => [file]);
  if (files.length === 1) siblings.push(...(await filesBelow(dirname(dirname(files[0])), /\.dcm$/)));
  for (const file of [...new Set(siblings)]) {
    const mask = await readImage(file).catch(() => undefined);
    if (mask && mask.height === image.height && mask.width === image.width) return boundsOf(mask);
  }
  return undefined;
}

async function lesionsOf(folder: string, rows: readonly TableRow[], file: string, problems: Problems) {
  const lesions: { box: Box; label: string }[] = [];
  const image = await readImage(file);
  for (const { line, fields } of rows) {
    const box = await maskBox(folder, fields["ROI mask file path"], image);
    if (box) lesions.push({ box, label: fields["abnormality type"] });
    else
      problems.add(
        "lesions whose mask is missing, or of another size than the image, left out",
        `${fields.patient_id}, line ${line}`,
      );
  }
  return lesions;
}

export const cbis: Importer = {
  title: "CBIS-DDSM: scanned film with outlines (mass_ and calc_case_description_{train,test}_set.csv)",
  async read(folder, problems) {
    const tables = await namesIn(folder, /_case_description_(train|test)_set\.csv$/);
    if (tables.length === 0) throw new UserError(`${folder}: has no table *_case_description_*_set.csv`);
    const views = new Map<string, { test: boolean; rows: TableRow[] }>();
    for (const table of tables)
      for (const row of await readTable(join(folder, table), columns)) {
        const { patient_id, "left or right breast": side, "image view": view } = row.fields;
        const key = [basename(table).includes("_test_") ? "test" : "train", patient_id, side, view].join(
          "\0",
        );
        const known = views.get(key) ?? { test: table.includes("_test_"), rows: [] };
        known.rows.push(row);
        views.set(key, known);
      }
    const imported: ImportedRow[] = [];
    for (const { test, rows } of views.values()) {
      const [{ line, fields }] = rows;
      const side = sideOf(fields["left or right breast"]);
      const [file] = await candidates(folder, fields["image file path"]);
      if (!side)
        throw new UserError(
          `${folder}: ${fields.patient_id}, line ${line}: left or right breast: must be LEFT or RIGHT`,
        );
      if (!file) {
        problems.add("images that are missing, left out", `${fields.patient_id}, line ${line}`);
        continue;
      }
      const lesions = await lesionsOf(folder, rows, file, problems).catch((error: unknown) => {
        problems.add("images that cannot be read, left out", reasonOf(error));
        return [];
      });
      if (lesions.length === 0) continue;
      imported.push({
        patient: fields.patient_id,
        side,
        view: fields["image view"],
        ffdm: file,
        ffdmBoxes: lesions.map(({ box }) => box),
        smBoxes: [],
        labels: lesions.map(({ label }) => label),
        ...(test ? { split: "test" } : {}),
        density: fields.breast_density ?? fields["breast density"],
      });
    }
    return imported;
  },
};
