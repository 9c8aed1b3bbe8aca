// Small sets laid out as the public ones are published. Their licences, or their size, keep the real files out of a repository:
// what is tested here is the layout, the tables' columns and their quirks, on pictures of our own.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { encodeDicom } from "../../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { type FinishedRow, finishRows } from "../../../src/data/import/finish.ts";
import { type Importer, Problems } from "../../../src/data/import/imported.ts";
import { mammogram } from "../../helpers/mammogram.ts";
import { temporaryFolder } from "../folder.ts";

/** The breast takes the left 62 of 100 columns, the middle of 160 rows. */
export const picture = (seed = 1): GrayImage =>
  mammogram({ height: 160, width: 100, chest: "left", spacing: [0.5, 0.5], seed });

/** A lesion in the breast, and one in the air of the other side. */
export const [inBreast, inAir] = [
  { top: 70, left: 20, bottom: 90, right: 40 },
  { top: 10, left: 80, bottom: 30, right: 95 },
];

export const dicom = (image: GrayImage | readonly GrayImage[], name: string): Uint8Array =>
  encodeDicom(image, {
    kind: Array.isArray(image) ? "dbt" : "ffdm",
    patient: "P",
    side: "L",
    view: "CC",
    seriesDescription: "",
    uidSource: name,
  });

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes a set's files. @returns its folder. */
export async function writeSet(t: TestContext, files: Files): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export const csv = (...rows: readonly (readonly (string | number)[])[]): string =>
  `${rows.map((row) => row.join(",")).join("\n")}\n`;

export interface ImportedSet {
  readonly folder: string;
  readonly rows: readonly FinishedRow[];
  /** How many of each kind. */
  readonly problems: Readonly<Record<string, number>>;
}

export async function importSet(t: TestContext, importer: Importer, files: Files): Promise<ImportedSet> {
  const folder = await writeSet(t, files);
  const problems = new Problems();
  const found = await importer.read(folder, problems, join(folder, "made"));
  const rows = await finishRows(found, { train: 70, validation: 10, test: 20 }, problems, () => {});
  return {
    folder,
    rows,
    problems: Object.fromEntries(problems.list.map(({ kind, count }) => [kind, count])),
  };
}
