import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decode, encode } from "fast-png";
import type { Box } from "../../src/base/boxes.ts";
import { writeDicomImage } from "../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";
import { writeManifest } from "../../src/data/manifest.ts";
import { palette } from "../../src/data/picture.ts";
import { messages, runCli } from "../helpers/cli.ts";
import { type MammogramOptions, mammogram } from "../helpers/mammogram.ts";

const folder = mkdtempSync(join(tmpdir(), "diptych-inspect-"));
after(() => rmSync(folder, { recursive: true }));

const right: MammogramOptions = { height: 260, width: 208, chest: "right", label: true, spacing: [0.5, 0.5] };
const lesion: Box = [120, 130, 140, 152];

const write = (name: string, image: GrayImage, kind: "ffdm" | "sm") =>
  writeDicomImage(join(folder, name), image, {
    kind,
    patient: "P1",
    side: "R",
    view: "CC",
    seriesDescription: "test",
    uidSource: "test",
  });

before(async () => {
  await write("f.dcm", mammogram({ ...right, lesion }), "ffdm");
  await write(
    "s.dcm",
    mammogram({ ...right, label: false, height: 180, width: 144, spacing: [0.72, 0.72] }),
    "sm",
  );
  await write("wrong.dcm", mammogram({ ...right, chest: "left" }), "ffdm");
  const { height, width, data } = mammogram(right);
  writeFileSync(join(folder, "plain.png"), encode({ height, width, data, depth: 16, channels: 1 }));
  writeFileSync(join(folder, "bad.dcm"), "no image");
  const row = { side: "R", view: "CC", split: "train" } as const;
  await writeManifest(join(folder, "manifest.csv"), [
    {
      ...row,
      patient: "P1",
      ffdm: "f.dcm",
      sm: "s.dcm",
      ffdmBoxes: [lesion],
      smBoxes: [lesion.map((edge) => (edge * 0.5) / 0.72) as unknown as Box],
      labels: ["mass"],
    },
    { ...row, patient: "P2", ffdm: "wrong.dcm", sm: "s.dcm", ffdmBoxes: [], smBoxes: [], labels: [] },
    { ...row, patient: "P3", ffdm: "bad.dcm", sm: "s.dcm", ffdmBoxes: [], smBoxes: [], labels: [] },
  ]);
});

const steps = ["1-original", "2-mask", "3-crop", "4-turned", "5-resampled", "6-normalised"];

/** The bounds of the pixels of one colour. */
function boundsOf(path: string, colour: readonly number[]): number[] {
  const { width, data } = decode(readFileSync(path));
  const found: number[] = [];
  for (let pixel = 0; 3 * pixel < data.length; pixel++)
    if (colour.every((value, channel) => data[3 * pixel + channel] === value)) found.push(pixel);
  const rows = found.map((pixel) => Math.floor(pixel / width));
  const columns = found.map((pixel) => pixel % width);
  return [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1];
}

test("each file's facts are printed and its steps drawn; a bad one is named and does not stop the rest", async () => {
  const result = await runCli(["inspect", "f.dcm", "bad.dcm", "plain.png", "--out", "files"], folder);
  assert.equal(result.code, 1);
  assert.deepEqual(messages(result), ["diptych: bad.dcm: neither a PNG nor a DICOM file"]);
  for (const line of [
    "  size: 260x208 pixels (height x width), 12 bits",
    "  pixel: 0.5 x 0.5 mm (height x width)",
    "  laterality: R",
    "  view: CC",
    "  orientation: P\\L",
    "  ImagerPixelSpacing: 0.5 x 0.5",
    "  window: centre 2048, width 4096, LINEAR",
    "  pixel: spacing unknown",
  ])
    assert.ok(result.stdout.split("\n").includes(line), `${line} in\n${result.stdout}`);
  assert.match(
    result.stdout,
    /breast: .* chest wall at the right, air up to \d+, mirrored left for right, 0 boxes/,
  );
  assert.deepEqual(
    readdirSync(join(folder, "files")),
    ["f", "plain"].flatMap((stem) => steps.map((step) => `${stem}.${step}.png`)),
  );
});

test("a box is drawn around the lesion on every step", async () => {
  const result = await runCli(["inspect", "f.dcm", "--boxes", lesion.join(" "), "--out", "boxes"], folder);
  assert.equal(result.code, 0, result.stderr);
  for (const step of steps) {
    const path = join(folder, "boxes", `f.${step}.png`);
    const drawn = boundsOf(path, palette[0]);
    const white = boundsOf(path, [255, 255, 255]);
    // Labels are as bright as the lesion until they are cropped.
    if (Number(step[0]) < 3) continue;
    // Outlines are two pixels wide, around the box's own; the lesion's edge is a fraction of a grid's pixel off.
    for (const [edge, value] of drawn.entries()) {
      const gap = edge < 2 ? white[edge] - value : value - white[edge];
      assert.ok(gap >= 0 && gap <= 14, `${step}: outline ${drawn}, lesion ${white}`);
    }
  }
});

test("a patient's pairs are drawn on their grid, and their variants", async () => {
  const args = [
    "inspect",
    "--manifest",
    "manifest.csv",
    "--patient",
    "P1",
    "--augment",
    "5",
    "--out",
    "pairs",
  ];
  const result = await runCli(args, folder);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /^P1_R_CC: 128x128 pixels of [\d.]+ mm$/m);
  const pair = decode(readFileSync(join(folder, "pairs", "P1_R_CC.pair.png")));
  assert.deepEqual([pair.height, pair.width], [512 + 16, 2 * 512 + 24]);
  const variants = decode(readFileSync(join(folder, "pairs", "P1_R_CC.augmented.png")));
  // The pair and five variants, four a row.
  assert.deepEqual([variants.height, variants.width], [2 * 264 + 8, 8 * 264 + 8]);
});

test("a whole manifest is checked, and only what is wrong is printed", async () => {
  const result = await runCli(["inspect", "--manifest", "manifest.csv"], folder);
  assert.equal(result.code, 1);
  assert.deepEqual(messages(result), [`diptych: ${join(folder, "bad.dcm")}: neither a PNG nor a DICOM file`]);
  assert.deepEqual(result.stdout.trim().split("\n").slice(-2), [
    `warning: ${join(folder, "wrong.dcm")}: PatientOrientation P\\L puts the chest wall at the right, the tissue touches the left side; turned by the tissue, because a header can be wrong and pixels cannot`,
    "3 pairs: 1 cannot be used, 1 warnings",
  ]);
});

test("options that do not fit together are refused", async () => {
  for (const [args, message] of [
    [[], "diptych: inspect: give image files or --manifest"],
    [
      ["f.dcm", "s.dcm", "--boxes", "1 1 2 2"],
      "diptych: --boxes: belongs to one file; the boxes of more come from --manifest",
    ],
    [
      ["f.dcm", "--boxes", "1 1 2"],
      /^error: option '--boxes <list>' argument '1 1 2' is invalid. "1 1 2" must be four numbers/,
    ],
    [["f.dcm", "--patient", "P1"], "diptych: --patient: needs --manifest"],
    [["--manifest", "manifest.csv", "--patient", "P9"], "diptych: --patient P9: has no row in manifest.csv"],
    [
      ["plain.png", "--manifest", "manifest.csv"],
      `diptych: ${join(folder, "plain.png")}: is in no row of manifest.csv`,
    ],
    [["f.dcm", "--augment", "3"], "diptych: --augment: needs --manifest, --patient or files, and --out"],
  ] as const) {
    const result = await runCli(["inspect", ...args], folder);
    assert.equal(result.code, 1);
    const [line] = messages(result);
    if (typeof message === "string") assert.equal(line, message);
    else assert.match(line, message);
  }
});
