import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DataSet, data as dcmjs } from "dcmjs";
import { cadReportClass, encodeCadReport, type ReportedImage } from "../../../src/data/dicom/cadReport.ts";
import { dicomReference } from "../../../src/data/dicom/reference.ts";
import { encodeDicom } from "../../../src/data/dicom/writer.ts";
import { temporaryFolder } from "../folder.ts";

const image = { height: 40, width: 30, bits: 12, data: new Uint16Array(1200) };
const fileOf = (view: string) =>
  encodeDicom(image, {
    kind: "sm",
    patient: "P17",
    side: "R",
    view,
    seriesDescription: "SM",
    uidSource: "test",
  });

const reported = (view: string, detections: ReportedImage["detections"]): ReportedImage => ({
  reference: dicomReference(fileOf(view))!,
  image: { laterality: "R", view, orientation: ["P", "L"] },
  detections,
});

const images = [
  reported("CC", []),
  reported("MLO", [
    { box: [10.25, 4, 20.5, 16], score: 0.8125, label: 2 },
    { box: [1, 2, 3, 4], score: 0.25, label: 3 },
  ]),
];
const options = {
  algorithm: "diptych fused",
  version: "1.2.3",
  classes: ["calcification", "mass", "something else"],
  date: new Date("2026-05-06T07:08:09Z"),
};

const valuesOf = (elements: DataSet, tag: string) => elements[tag]?.Value as never[] | undefined;

/** All content items below one, itself first, with the numbers that lead to it. */
function* items(item: DataSet, place: number[] = [1]): Generator<{ item: DataSet; place: number[] }> {
  yield { item, place };
  for (const [index, child] of (valuesOf(item, "0040A730") ?? []).entries())
    yield* items(child, [...place, index + 1]);
}

const nameOf = (item: DataSet, tag = "0040A043") =>
  String(valuesOf(valuesOf(item, tag)?.[0] ?? {}, "00080100") ?? "");

test("a report tells each detection's finding, certainty, centre and outline on its image", () => {
  const { dict } = dcmjs.DicomMessage.readFile(encodeCadReport(images, options).slice().buffer);
  assert.deepEqual(valuesOf(dict, "00080016"), [cadReportClass]);
  assert.deepEqual(valuesOf(dict, "00100020"), ["P17"]);
  assert.deepEqual(valuesOf(dict, "0020000D"), [images[0].reference.study]);
  assert.deepEqual([valuesOf(dict, "0040A730")?.length, valuesOf(dict, "00080023")?.[0]], [5, "20260506"]);
  const all = [...items(dict)];
  const findings = all.filter(({ item }) => nameOf(item) === "111059");
  assert.deepEqual(
    findings.map(({ item }) => nameOf(item, "0040A168")),
    ["129788004", "111099"],
  );
  const [first] = findings;
  const below = [...items(first.item)].map(({ item }) => item);
  const graphics = below.filter((item) => item["00700022"]).map((item) => valuesOf(item, "00700022"));
  assert.deepEqual(graphics, [
    [10, 15.375],
    [4, 10.25, 16, 10.25, 16, 20.5, 4, 20.5, 4, 10.25],
  ]);
  const measured = below.flatMap((item) => valuesOf(item, "0040A300") ?? []);
  assert.equal(Number(valuesOf(measured[0], "0040A30A")?.[0]), 81.25);
  const places = below.map((item) => valuesOf(item, "0040DB73")).filter(Boolean);
  const library = all.find(({ place }) => place.join() === String(places[0]))!;
  assert.equal(places.join(" "), "1,2,2 1,2,2");
  const [sop] = valuesOf(library.item, "00081199")!;
  assert.deepEqual(valuesOf(sop, "00081155"), [images[1].reference.sopInstance]);
});

test("without a finding the report says so", () => {
  const { dict } = dcmjs.DicomMessage.readFile(encodeCadReport([images[0]], options).slice().buffer);
  const summary = [...items(dict)].find(({ item }) => nameOf(item) === "111017")!;
  assert.equal(nameOf(summary.item, "0040A168"), "111241");
});

test("what is no DICOM image of a study has no reference", () => {
  assert.equal(dicomReference(new Uint8Array(200)), undefined);
});

const missing = ["dciodvfy", "dsrdump"].find((name) => spawnSync(name, [], { input: "" }).error);
const skip = missing ? `needs ${missing}, of Debian's packages dicom3tools and dcmtk` : false;

test("independent readers find no error in a report", { skip }, async (t) => {
  const path = join(await temporaryFolder(t), "report.dcm");
  writeFileSync(path, encodeCadReport(images, options));
  const checked = spawnSync("dciodvfy", [path], { encoding: "utf8" });
  assert.equal(checked.stderr.match(/^Error.*/m)?.[0], undefined);
  assert.match(checked.stderr, /^MammographyCADSR$/m);
  const read = spawnSync("dsrdump", [path], { encoding: "utf8" });
  assert.equal(read.status, 0, read.stderr);
  assert.doesNotMatch(read.stderr, /^[EF]:/m);
  assert.match(read.stdout, /"Certainty of Finding"\)="81\.25" \(%,UCUM/);
});
