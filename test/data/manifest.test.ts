import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import {
  formatManifest,
  type ManifestRow,
  readManifest,
  type Split,
  writeManifest,
} from "../../src/data/manifest.ts";
import { temporaryFolder } from "./folder.ts";

function row(patient: string, split: Split, labels: string[] = []): ManifestRow {
  return {
    patient,
    side: "L",
    view: "CC",
    ffdm: `${patient}-ffdm.dcm`,
    sm: `${patient}-sm.dcm`,
    ffdmBoxes: labels.map((_, index) => [index, 2.5, index + 10, 20]),
    smBoxes: labels.map((_, index) => [index, 1, index + 5, 10]),
    labels,
    split,
  };
}

/** A valid set: one positive and one negative pair a split. Line numbers: 2 and 3, 4 and 5, 6 and 7. */
const validRows: readonly ManifestRow[] = [
  row("P1", "train", ["mass", "calcification"]),
  row("P2", "train"),
  row("P3", "validation", ["mass"]),
  row("P4", "validation"),
  row("P5", "test", ["asymmetry"]),
  row("P6", "test"),
];

async function writeSet(t: TestContext, text: string): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const { ffdm, sm } of validRows)
    for (const file of [ffdm, sm]) await writeFile(join(folder, file), "");
  await writeFile(join(folder, "pairs.csv"), text);
  return join(folder, "pairs.csv");
}

const withRows = (change: (rows: ManifestRow[]) => ManifestRow[]) => formatManifest(change([...validRows]));
const withRow = (index: number, change: Partial<ManifestRow>) =>
  withRows((rows) => rows.with(index, { ...rows[index], ...change }));

/** Replaces text of the valid manifest; fails when it is not there. */
function withText(from: string, to: string): string {
  const text = formatManifest(validRows);
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

test("what is written is read back, with absolute paths and class numbers", async (t) => {
  const path = await writeSet(t, "");
  const rows = validRows.with(0, { ...validRows[0], patient: 'a "quoted", one', labels: ["mass", "x, y"] });
  await writeManifest(path, rows);
  const manifest = await readManifest(path);
  assert.deepEqual(manifest.classes, ["asymmetry", "mass", "x, y"]);
  assert.equal(manifest.path, path);
  assert.deepEqual(manifest.pairs[0], {
    row: 2,
    patient: 'a "quoted", one',
    side: "L",
    view: "CC",
    ffdm: join(path, "..", "P1-ffdm.dcm"),
    sm: join(path, "..", "P1-sm.dcm"),
    ffdmBoxes: [
      [0, 2.5, 10, 20],
      [1, 2.5, 11, 20],
    ],
    smBoxes: [
      [0, 1, 5, 10],
      [1, 1, 6, 10],
    ],
    classes: [2, 3],
    split: "train",
  });
  assert.deepEqual(
    manifest.pairs.map(({ row, classes, split }) => [row, classes.length, split]),
    [
      [2, 2, "train"],
      [3, 0, "train"],
      [4, 1, "validation"],
      [5, 0, "validation"],
      [6, 1, "test"],
      [7, 0, "test"],
    ],
  );
});

test("columns may stand in any order, behind a byte order mark, with blank lines between rows", async (t) => {
  const lines = formatManifest(validRows).trim().split("\n");
  const swapped = lines.map((line) => {
    const [patient, side, ...others] = line.split(",");
    return [side, patient, ...others].join(", ");
  });
  const path = await writeSet(t, `\uFEFF${swapped.join("\r\n\r\n")}\r\n`);
  const { pairs } = await readManifest(path);
  assert.deepEqual(
    pairs.map(({ row, patient }) => [row, patient]),
    [
      [3, "P1"],
      [5, "P2"],
      [7, "P3"],
      [9, "P4"],
      [11, "P5"],
      [13, "P6"],
    ],
  );
});

test("only the required splits must be there", async (t) => {
  const path = await writeSet(
    t,
    withRows((rows) => rows.filter(({ split }) => split === "test")),
  );
  assert.equal((await readManifest(path, ["test"])).pairs.length, 2);
  await assert.rejects(readManifest(path), new UserError(`${path}: split train has no rows`));
});

test("a manifest that is not there is named", async (t) => {
  const path = join(await temporaryFolder(t), "pairs.csv");
  await assert.rejects(readManifest(path), new UserError(`${path}: no such manifest`));
});

const faults: readonly [name: string, text: string, message: RegExp][] = [
  ["nothing at all", "", /: row 1: has no column patient$/],
  ["no rows", withRows(() => []), /: has no rows below its header$/],
  ["broken quotes", withText("P1,", '"P1,'), /: not a readable CSV file: /],
  ["a missing column", withText(",sm_boxes", ""), /: row 1: has no column sm_boxes$/],
  [
    "an unknown column",
    withText(",split", ",split,age"),
    /: row 1: unknown column "age", known are patient, /,
  ],
  ["a column twice", withText(",split", ",split,side"), /: row 1: has column side twice$/],
  ["a field too few", withText("P2,L,", "P2,"), /: row 3: has 8 fields, the header 9$/],
  ["no patient", withText("P2,L", " ,L"), /: row 3, patient: must not be empty$/],
  ["a bad side", withText("P2,L", "P2,left"), /: row 3, side: "left" must be L or R$/],
  [
    "a bad split",
    withText(",validation", ",val"),
    /: row 4, split: "val" must be train or validation or test$/,
  ],
  [
    "a box of three numbers",
    withText("0 2.5 10 20;", "0 2.5 10;"),
    /: row 2, ffdm_boxes: "0 2.5 10" must be four numbers: yMin xMin yMax xMax$/,
  ],
  [
    "a box that is no number",
    withText("0 1 5 10;", "0 1 5 ten;"),
    /: row 2, sm_boxes: "0 1 5 ten" must be four/,
  ],
  ["an empty box", withText("0 1 5 10; ", "; "), /: row 2, sm_boxes: "" must be four numbers/],
  [
    "a box without area",
    withRow(2, { smBoxes: [[4, 5, 4, 9]] }),
    /: row 4, sm_boxes: box 4 5 4 9 has no area$/,
  ],
  [
    "corners the wrong way round",
    withRow(2, { ffdmBoxes: [[9, 5, 4, 9]] }),
    /: row 4, ffdm_boxes: box 9 5 4 9 has no area$/,
  ],
  [
    "more boxes in one image",
    withRow(2, { smBoxes: [] }),
    /: row 4, ffdm_boxes, sm_boxes, labels: 1 FFDM boxes, 0 SM boxes and 1 labels: must be equally many$/,
  ],
  [
    "more labels than boxes",
    withRow(2, { labels: ["mass", "mass"] }),
    /: row 4, .*: 1 FFDM boxes, 1 SM boxes and 2 labels: must be equally many$/,
  ],
  ["an empty label", withRow(0, { labels: ["mass", ""] }), /: row 2, labels: "mass;" has an empty label$/],
  [
    "no FFDM path",
    withRow(1, { ffdm: "" }),
    /: row 3, ffdm, sm: has sm, the rows above ffdm and sm: give them manifests of their own$/,
  ],
  [
    "an SM that is not there",
    withRow(1, { sm: "gone.dcm" }),
    /: row 3, sm: the SM half of the pair is missing: .*gone\.dcm is no file$/,
  ],
  ["a folder for an image", withRow(1, { sm: "." }), /: row 3, sm: the SM half of the pair is missing: /],
  [
    "one file for both halves",
    withRow(1, { sm: "P2-ffdm.dcm" }),
    /: row 3, ffdm, sm: both halves of the pair are P2-ffdm\.dcm$/,
  ],
  [
    "a patient in two splits",
    withRow(3, { patient: "P2" }),
    /: row 5, split: patient P2 is in validation here and in train in row 3$/,
  ],
  [
    "a pair twice",
    withRow(3, { ffdm: "P3-ffdm.dcm", sm: "P3-sm.dcm" }),
    /: row 5, ffdm, sm: the pair of row 4 again$/,
  ],
  ...(["train", "validation", "test"] as const).flatMap((split): [string, string, RegExp][] => [
    [
      `no row in ${split}`,
      withRows((rows) => rows.filter((each) => each.split !== split)),
      new RegExp(`: split ${split} has no rows$`),
    ],
    [
      `no positive in ${split}`,
      withRows((rows) => rows.filter((each) => each.split !== split || each.labels.length === 0)),
      new RegExp(`: split ${split} has no positive pair \\(one with boxes\\)$`),
    ],
    [
      `no negative in ${split}`,
      withRows((rows) => rows.filter((each) => each.split !== split || each.labels.length > 0)),
      new RegExp(`: split ${split} has no negative pair \\(one without boxes\\)$`),
    ],
  ]),
];

for (const [name, text, message] of faults)
  test(`refused: ${name}`, async (t) => {
    const path = await writeSet(t, text);
    await assert.rejects(readManifest(path), (error: Error) => {
      assert.ok(error instanceof UserError, String(error.stack));
      assert.ok(error.message.startsWith(path) && !error.message.includes("\n"), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
