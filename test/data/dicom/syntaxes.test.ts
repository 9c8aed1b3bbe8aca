// Files that other programs have written in every transfer syntax, and where these programs are installed, freshly made ones.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../src/base/files.ts";
import { decodeDicom } from "../../../src/data/dicom/dicom.ts";
import { encodeDicom } from "../../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { temporaryFolder } from "../folder.ts";

/** What the files in test/goldens/dicom show: see the README there. */
function pattern(width: number, height: number, bits: number): GrayImage {
  const data = Uint16Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const wave = 0.5 + 0.3 * Math.sin(x / 5) * Math.cos(y / 4) + (0.15 * ((x * 7 + y * 13) % 11)) / 11;
    return Math.round((2 ** bits - 1) * wave);
  });
  return { width, height, bits, data };
}

const largestDifference = (a: GrayImage, b: GrayImage) => {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  const scale = (2 ** b.bits - 1) / (2 ** a.bits - 1);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value * scale - b.data[i])), 0);
};

/** Lossy ones within what their quality leaves, of 2^bits − 1. */
const fixtures: readonly (readonly [name: string, bits: number, allowed: number])[] = [
  ["implicit", 14, 0],
  ["deflated", 14, 0],
  ["rle", 14, 0],
  ["jpegls", 14, 0],
  ["jpegls-near", 14, 2],
  ["jpeg-lossless-14", 14, 0],
  ["jpeg-lossless-sv1", 14, 0],
  ["jpeg2000", 14, 0],
];

for (const [name, bits, allowed] of fixtures)
  test(`${name} of ${bits} bits comes back within ${allowed}`, async () => {
    const file = join(packageRoot(), "test", "goldens", "dicom", `${name}.dcm`);
    const image = await decodeDicom(await readFile(file), file);
    assert.equal(image.bits, bits);
    assert.ok(largestDifference(image, pattern(40, 24, bits)) <= allowed);
  });

/** JPEG's encoders stretch what they are given to their bits, so that a lossy image is compared by its shape. */
for (const name of ["jpeg-extended", "jpeg-baseline", "jpeg2000-lossy"])
  test(`${name} shows what was compressed`, async () => {
    const file = join(packageRoot(), "test", "goldens", "dicom", `${name}.dcm`);
    const image = await decodeDicom(await readFile(file), file);
    const original = pattern(40, 24, 12);
    const mean = (values: Uint16Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [a, b] = [mean(image.data), mean(original.data)];
    let [ab, aa, bb] = [0, 0, 0];
    image.data.forEach((value, i) => {
      ab += (value - a) * (original.data[i] - b);
      aa += (value - a) ** 2;
      bb += (original.data[i] - b) ** 2;
    });
    assert.ok(ab / Math.sqrt(aa * bb) > 0.995, `${ab / Math.sqrt(aa * bb)}`);
  });

const tools = {
  rle: ["dcmcrle"],
  "JPEG-LS": ["dcmcjpls", "+el"],
  "JPEG lossless": ["dcmcjpeg", "+e1"],
  "JPEG 2000": ["gdcmconv", "--j2k"],
  deflated: ["dcmconv", "+td"],
} as const;

for (const [name, [tool, ...options]] of Object.entries(tools)) {
  const missing = spawnSync(tool, ["--version"]).error
    ? `needs ${tool}, of Debian's package ${tool.startsWith("gdcm") ? "libgdcm-tools" : "dcmtk"}`
    : false;
  for (const bits of [8, 10, 12, 16])
    test(`${name} by ${tool} at ${bits} bits`, { skip: missing }, async (t) => {
      const folder = await temporaryFolder(t);
      const [plain, packed] = [join(folder, "plain.dcm"), join(folder, "packed.dcm")];
      const image = pattern(61, 47, bits);
      const tags = {
        kind: "ffdm",
        patient: "P1",
        side: "L",
        view: "CC",
        seriesDescription: "",
        uidSource: "t",
      } as const;
      await writeFile(plain, encodeDicom(image, tags));
      const { status, stderr } = spawnSync(tool, [...options, plain, packed], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      const decoded = await decodeDicom(await readFile(packed), packed);
      assert.equal(largestDifference(decoded, image), 0);
    });
}

test("damaged compressed files are refused in one line or decoded", async () => {
  const outcomes = { decoded: 0, refused: 0 };
  for (const [name] of fixtures) {
    const bytes = await readFile(join(packageRoot(), "test", "goldens", "dicom", `${name}.dcm`));
    for (let round = 0; round < 60; round++) {
      const damaged = Uint8Array.from(bytes);
      for (let flip = 0; flip <= round % 5; flip++) {
        const place = 132 + ((round * 7919 + flip * 104_729) % (damaged.length - 132));
        damaged[place] ^= 1 << (round % 8);
      }
      const cut = round % 6 === 0 ? damaged.subarray(0, damaged.length - round) : damaged;
      try {
        await decodeDicom(cut, "f");
        outcomes.decoded++;
      } catch (error) {
        assert.match(String(error), /^UserError: f: [^\n]*$/, name);
        outcomes.refused++;
      }
    }
  }
  assert.ok(outcomes.decoded > 20 && outcomes.refused > 20, JSON.stringify(outcomes));
});
