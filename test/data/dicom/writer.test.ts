import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { data as dcmjs } from "dcmjs";
import { decodeDicom } from "../../../src/data/dicom/dicom.ts";
import type { DicomTags } from "../../../src/data/dicom/terms.ts";
import { encodeDicom, writeDicomImage } from "../../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { temporaryFolder } from "../folder.ts";

const tags: DicomTags = {
  kind: "sm",
  patient: "P17",
  side: "R",
  view: "MLO",
  seriesDescription: "SM from 15 views",
  uidSource: "test 1",
};

function imageOf(width: number, height: number, bits: number): GrayImage {
  const data = Uint16Array.from({ length: width * height }, (_, index) => (index * 7919) % 2 ** bits);
  data[0] = 2 ** bits - 1;
  return { width, height, bits, data, spacing: [0.085, 0.0712345678] };
}

/** All attributes, by dcmjs's own file reader. */
const readHeader = (bytes: Uint8Array) => dcmjs.DicomMessage.readFile(bytes.slice().buffer);

test("the bytes depend on the image and the tags alone, and every UID on what it identifies", () => {
  const uids = (changes: Partial<DicomTags>) => {
    const bytes = encodeDicom(imageOf(4, 4, 14), { ...tags, ...changes });
    const { dict } = readHeader(bytes);
    return ["00080018", "0020000D", "0020000E"].map((tag) => (dict[tag].Value as string[])[0]);
  };
  assert.deepEqual(encodeDicom(imageOf(9, 9, 14), tags), encodeDicom(imageOf(9, 9, 14), tags));
  const [instance, study, series] = uids({});
  for (const uid of [instance, study, series]) assert.match(uid, /^2\.25\.[1-9]\d{30,38}$/);
  const [otherInstance, sameStudy, otherSeries] = uids({ kind: "ffdm" });
  assert.ok(otherInstance !== instance && otherSeries !== series);
  assert.equal(sameStudy, study);
  assert.deepEqual(uids({ view: "CC" }).slice(1), [study, series]);
  for (const changes of [{ patient: "P18" }, { uidSource: "test 2" }])
    assert.ok(uids(changes).every((uid) => ![instance, study, series].includes(uid)));
});

test("each kind says what it is", () => {
  const header = (kind: DicomTags["kind"]) =>
    readHeader(encodeDicom(imageOf(2, 2, 14), { ...tags, kind })).dict;
  const typeOf = (kind: DicomTags["kind"]) => header(kind)["00080008"].Value;
  assert.deepEqual(typeOf("ffdm"), ["ORIGINAL", "PRIMARY", ""]);
  assert.deepEqual(typeOf("sm"), ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]);
  assert.deepEqual(typeOf("dbt"), ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]);
  const expected = { "00100020": "P17", "00200062": "R", "00185101": "MLO", "0008103E": "SM from 15 views" };
  for (const [tag, value] of Object.entries(expected)) assert.deepEqual(header("ffdm")[tag].Value, [value]);
});

test("the detector's spacing is the breast's, magnified", async () => {
  const bytes = encodeDicom(imageOf(2, 2, 14), { ...tags, kind: "ffdm", magnification: 1.25 });
  const { dict } = readHeader(bytes);
  assert.deepEqual(
    dict["00280030"].Value,
    [0.085, 0.0712345678].map((v) => Number(v.toPrecision(9))),
  );
  assert.deepEqual(dict["00181164"].Value, [0.10625, 0.0890432097]);
  assert.deepEqual((await decodeDicom(bytes, "f")).spacing, dict["00280030"].Value);
});

test("a pixel that needs more bits is not written", () => {
  assert.throws(() => encodeDicom({ ...imageOf(2, 2, 14), bits: 12 }, tags), RangeError);
});

const validator = spawnSync("dciodvfy", [], { input: "" }).error
  ? "needs dciodvfy, of Debian's package dicom3tools"
  : false;

for (const kind of ["ffdm", "sm", "dbt"] as const)
  for (const view of ["CC", "MLO", "ML", "LM"])
    test(`an independent validator finds no error: ${kind} ${view}`, { skip: validator }, async (t) => {
      const path = join(await temporaryFolder(t), "image.dcm");
      const slices = kind === "dbt" ? [imageOf(5, 7, 14), imageOf(5, 7, 14)] : imageOf(5, 7, 14);
      await writeDicomImage(path, slices, { ...tags, kind, view });
      const { status, stderr } = spawnSync("dciodvfy", [path], { encoding: "utf8" });
      assert.equal(stderr.match(/^Error.*/m)?.[0], undefined);
      assert.equal(status, 0);
    });
