import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { encode } from "fast-png";
import { UserError } from "../../src/base/errors.ts";
import { readImage } from "../../src/data/image.ts";
import { decodePng } from "../../src/data/png.ts";
import { temporaryFolder } from "./folder.ts";

const pixels = Uint16Array.from({ length: 5 * 7 }, (_, index) => (index * 7919) % 65_536);
const png = encode({ width: 7, height: 5, data: pixels, depth: 16, channels: 1 });

test("a 16-bit PNG is read whatever its name", async (t) => {
  const path = join(await temporaryFolder(t), "image.dcm");
  await writeFile(path, png);
  assert.deepEqual(await readImage(path), { width: 7, height: 5, bits: 16, data: pixels });
});

test("a pHYs chunk in metres gives the spacing", () => {
  // Type and data of the chunk: 20,000 pixels a metre along x, 10,000 along y, unit 1; its CRC-32 by hand.
  const chunk = Buffer.from("7048597300004e200000271001", "hex");
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(chunk));
  const whole = Buffer.concat([png.subarray(0, 33), Buffer.from([0, 0, 0, 9]), chunk, crc, png.subarray(33)]);
  assert.deepEqual(decodePng(whole, "x.png").spacing, [0.1, 0.05]);
});

/** Bit by bit, from the polynomial of PNG's annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const refusals: readonly [name: string, bytes: Uint8Array, message: RegExp][] = [
  [
    "8-bit greyscale",
    encode({ width: 2, height: 2, data: new Uint8Array(4), channels: 1 }),
    /^f: is a 8-bit greyscale PNG: must be 16-bit greyscale$/,
  ],
  [
    "8-bit colour",
    encode({ width: 2, height: 2, data: new Uint8Array(12), channels: 3 }),
    /^f: is a 8-bit RGB colour PNG: must be 16-bit greyscale$/,
  ],
  [
    "16-bit with alpha",
    encode({ width: 2, height: 2, data: new Uint16Array(8), depth: 16, channels: 2 }),
    /^f: is a 16-bit greyscale with alpha PNG: must be/,
  ],
  ["the signature alone", png.subarray(0, 8), /^f: not a readable PNG: cut short in its header$/],
  ["a file cut in its pixels", png.subarray(0, png.length - 30), /^f: not a readable PNG: /],
];

for (const [name, bytes, message] of refusals)
  test(`refused: ${name}`, () => {
    assert.throws(
      () => decodePng(bytes, "f"),
      (error: Error) => {
        assert.ok(error instanceof UserError, String(error.stack));
        assert.match(error.message, message);
        return true;
      },
    );
  });

test("a file of another kind, an empty one, a folder and a missing one are named", async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, "notes.png");
  for (const content of ["", "not an image"]) {
    await writeFile(file, content);
    await assert.rejects(readImage(file), new UserError(`${file}: neither a PNG nor a DICOM file`));
  }
  const missing = join(folder, "gone.png");
  await assert.rejects(readImage(missing), new UserError(`${missing}: no such file`));
  await assert.rejects(readImage(folder), (error) => error instanceof UserError);
});

test("a damaged PNG is refused in one line", () => {
  const refused = (bytes: Uint8Array) =>
    assert.throws(
      () => decodePng(bytes, "f"),
      (error: Error) => error instanceof UserError && !error.message.includes("\n"),
    );
  for (let length = 0; length < png.length; length++) refused(png.subarray(0, length));
  fc.assert(
    fc.property(fc.integer({ min: 8, max: png.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = png.slice();
      damaged[at] ^= flip;
      refused(damaged);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
