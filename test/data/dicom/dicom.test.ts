import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { data as dcmjs } from "dcmjs";
import fc from "fast-check";
import { UserError } from "../../../src/base/errors.ts";
import { decodeDicom } from "../../../src/data/dicom/dicom.ts";
import type { DicomTags } from "../../../src/data/dicom/terms.ts";
import { encodeDicom, writeDicomImage } from "../../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../../src/data/grayImage.ts";
import { readImage } from "../../../src/data/image.ts";
import { temporaryFolder } from "../folder.ts";

const tags: DicomTags = {
  kind: "sm",
  patient: "P17",
  side: "R",
  view: "MLO",
  seriesDescription: "SM from 15 views",
  uidSource: "test 1",
};

/** What an image that is written with them comes back with. */
const view = { laterality: "R", view: "MLO", orientation: ["P", "FL"] } as const;

function imageOf(width: number, height: number, bits: number): GrayImage {
  const data = Uint16Array.from({ length: width * height }, (_, index) => (index * 7919) % 2 ** bits);
  data[0] = 2 ** bits - 1;
  return { width, height, bits, data, spacing: [0.085, 0.0712345678] };
}

/** A minimal file made by dcmjs alone; `undefined` leaves an attribute out. */
function dicomFile(changes: Record<string, unknown> = {}, syntax = "1.2.840.10008.1.2.1"): Uint8Array {
  const meta = dcmjs.DicomMetaDictionary.denaturalizeDataset({
    MediaStorageSOPClassUID: "1.2.840.10008.5.1.4.1.1.1.2",
    MediaStorageSOPInstanceUID: "2.25.1",
    TransferSyntaxUID: syntax,
    ImplementationClassUID: "2.25.2",
  });
  const file = new dcmjs.DicomDict(meta);
  file.dict = dcmjs.DicomMetaDictionary.denaturalizeDataset({
    Rows: 2,
    Columns: 3,
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: [new Uint16Array([0, 1, 2, 3, 4, 4095]).buffer],
    _vrMap: { PixelData: "OW" },
    ...changes,
  });
  return new Uint8Array(file.write());
}

for (const bits of [10, 14, 16])
  for (const [width, height] of [
    [1, 1],
    [33, 17],
  ])
    test(`${height}x${width} pixels of ${bits} bits come back`, async (t) => {
      const path = join(await temporaryFolder(t), "image.png");
      const image = imageOf(width, height, bits);
      await writeDicomImage(path, image, tags);
      assert.deepEqual(await readImage(path), { ...image, ...view });
    });

test("an image without spacing comes back without", async () => {
  const { spacing: _, ...image } = imageOf(4, 4, 14);
  assert.deepEqual(await decodeDicom(encodeDicom(image, tags), "f"), { ...image, ...view });
});

test("implicit and explicit files, views into larger buffers and icons before the pixels are read", async () => {
  const plain = dicomFile();
  const expected = await decodeDicom(plain, "f");
  assert.deepEqual(expected, {
    width: 3,
    height: 2,
    bits: 12,
    data: new Uint16Array([0, 1, 2, 3, 4, 4095]),
  });
  assert.deepEqual(await decodeDicom(dicomFile({}, "1.2.840.10008.1.2"), "f"), expected);
  const larger = new Uint8Array(plain.length + 13);
  larger.set(plain, 13);
  assert.deepEqual(await decodeDicom(larger.subarray(13), "f"), expected);
  const icon = { Rows: 1, Columns: 1, PixelData: [new Uint16Array([9]).buffer], _vrMap: { PixelData: "OW" } };
  for (const syntax of ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
    assert.deepEqual(await decodeDicom(dicomFile({ IconImageSequence: [icon] }, syntax), "f"), expected);
});

test("character sets that dcmjs does not know stop nothing", async () => {
  const names = { SpecificCharacterSet: ["", "ISO 2022 IR 87"], PatientName: "P" };
  assert.deepEqual(await decodeDicom(dicomFile(names), "f"), await decodeDicom(dicomFile(), "f"));
});

test("MONOCHROME1 is inverted within its bits", async () => {
  const { data } = await decodeDicom(dicomFile({ PhotometricInterpretation: "MONOCHROME1" }), "f");
  assert.deepEqual([...data], [4095, 4094, 4093, 4092, 4091, 0]);
});

test("signed values, windows, LUTs and padding become brightness", async () => {
  const of = async (changes: Record<string, unknown>) => [
    ...(await decodeDicom(dicomFile(changes), "f")).data,
  ];
  const signed = new Int16Array([-2048, -1, 0, 1, 2, 2047]).buffer;
  assert.deepEqual(
    await of({ PixelRepresentation: 1, PixelData: [signed] }),
    [0, 2047, 2048, 2049, 2050, 4095],
  );
  const window = { WindowCenter: "2", WindowWidth: "4" };
  assert.deepEqual(
    await of({ ...window, VOILUTFunction: "LINEAR_EXACT" }),
    [0, 1024, 2048, 3071, 4095, 4095],
  );
  const sigmoid = await of({ ...window, VOILUTFunction: "SIGMOID" });
  assert.ok(sigmoid[0] > 400 && sigmoid[2] === 2048 && sigmoid[5] === 4095);
  const rescaled = await of({
    RescaleSlope: "2",
    RescaleIntercept: "1",
    WindowCenter: "6",
    WindowWidth: "2",
  });
  assert.deepEqual(rescaled, [0, 0, 0, 4095, 4095, 4095]);
  const lut = {
    LUTDescriptor: [4, 1, 8],
    LUTData: [0, 10, 20, 255],
    _vrMap: { LUTDescriptor: "US", LUTData: "US" },
  };
  assert.deepEqual(await of({ VOILUTSequence: [lut] }), [0, 0, 161, 321, 4095, 4095]);
  const padded = await decodeDicom(
    dicomFile({ PixelPaddingValue: 4095, _vrMap: { PixelData: "OW", PixelPaddingValue: "US" } }),
    "f",
  );
  assert.deepEqual([padded.padding, ...padded.data], [0, 1, 2, 3, 4, 5, 0]);
});

test("where values need more bits than are said to be stored, all allocated ones count", async () => {
  const { bits, data } = await decodeDicom(dicomFile({ BitsStored: 10, HighBit: 9 }), "f");
  assert.equal(bits, 16);
  assert.deepEqual([...data], [0, 1, 2, 3, 4, 4095]);
});

test("the spacing at the detector stands in for the pixels' own", async () => {
  const spacing = { ImagerPixelSpacing: ["0.07", "0.08"] };
  assert.deepEqual((await decodeDicom(dicomFile(spacing), "f")).spacing, [0.07, 0.08]);
  const both = { ...spacing, PixelSpacing: ["0.1", "0.2"] };
  assert.deepEqual((await decodeDicom(dicomFile(both), "f")).spacing, [0.1, 0.2]);
});

const valid = dicomFile();
const refusals: readonly [name: string, bytes: Uint8Array, message: RegExp][] = [
  ["JPEG 2000", dicomFile({}, "1.2.840.10008.1.2.4.90"), /^f: cannot be decoded: no JPEG 2000 codestream$/],
  ["big endian", dicomFile({}, "1.2.840.10008.1.2.2"), /^f: has transfer syntax 1\.2\.840\.10008\.1\.2\.2: /],
  ["12 bits in 8", dicomFile({ BitsAllocated: 8 }), /^f: has BitsStored \(0028,0101\) 12: must be 8$/],
  ["32 bits", dicomFile({ BitsAllocated: 32 }), /^f: has BitsAllocated \(0028,0100\) 32: must be 8 to 16$/],
  ["6 bits stored", dicomFile({ BitsStored: 6 }), /^f: has BitsStored \(0028,0101\) 6: must be 8 to 16$/],
  ["high bit elsewhere", dicomFile({ HighBit: 15 }), /^f: has HighBit \(0028,0102\) 15: must be 11$/],
  [
    "three channels",
    dicomFile({ SamplesPerPixel: 3 }),
    /^f: has SamplesPerPixel \(0028,0002\) 3: must be 1$/,
  ],
  [
    "two frames",
    dicomFile({ NumberOfFrames: "2" }),
    /^f: has 2 frames: name one of them, as in FILE#1 to FILE#2$/,
  ],
  [
    "colour",
    dicomFile({ PhotometricInterpretation: "RGB" }),
    /^f: has PhotometricInterpretation \(0028,0004\) RGB: must be MONOCHROME1 or MONOCHROME2$/,
  ],
  [
    "no photometric interpretation",
    dicomFile({ PhotometricInterpretation: undefined }),
    /^f: has PhotometricInterpretation \(0028,0004\) absent: /,
  ],
  ["no Rows", dicomFile({ Rows: undefined }), /^f: has no Rows \(0028,0010\)$/],
  ["no Columns", dicomFile({ Columns: undefined }), /^f: has no Columns \(0028,0011\)$/],
  ["no rows", dicomFile({ Rows: 0 }), /^f: has Rows \(0028,0010\) 0: must be 1 to 65535$/],
  ["no pixel data", dicomFile({ PixelData: undefined }), /^f: has no pixel data \(7FE0,0010\)/],
  [
    "pixel data of another size",
    dicomFile({ Rows: 3 }),
    /^f: cannot be decoded: has 12 bytes of pixel data \(7FE0,0010\): must be 18 for 3x3 pixels$/,
  ],
  [
    "cut-off pixel data",
    valid.subarray(0, valid.length - 2),
    /^f: has no pixel data \(7FE0,0010\), or is damaged or cut short there or before$/,
  ],
  [
    "a header that is cut off",
    valid.subarray(0, valid.length - 40),
    /^f: has no pixel data \(7FE0,0010\), or is damaged or cut short there or before$/,
  ],
  ["the prefix alone", valid.subarray(0, 132), /^f: not a readable DICOM file: /],
];

for (const [name, bytes, message] of refusals)
  test(`refused: ${name}`, async () => {
    await assert.rejects(decodeDicom(bytes, "f"), (error: Error) => {
      assert.ok(error instanceof UserError, String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });

test("an element that claims gigabytes allocates nothing", async () => {
  const file = encodeDicom(imageOf(8, 6, 14), tags);
  // The transfer syntax's VR, UI, becomes UN, so that two letters of the UID read as part of the length.
  const at = Buffer.from(file).indexOf("\x02\x00\x10\x00UI", 0, "latin1");
  const damaged = file.slice();
  damaged.set(Buffer.from("UN"), at + 4);
  await assert.rejects(decodeDicom(damaged, "f"), /^UserError: f: /);
});

test("a damaged file is decoded or refused in one line, and nothing is printed", async (t) => {
  const printed = t.mock.method(process.stderr, "write", () => true);
  const outcomes = { decoded: 0, refused: 0 };
  const attempt = async (bytes: Uint8Array) => {
    try {
      await decodeDicom(bytes, "f");
      outcomes.decoded++;
    } catch (error) {
      assert.ok(error instanceof UserError && !error.message.includes("\n"), String(error));
      outcomes.refused++;
    }
  };
  for (const file of [encodeDicom(imageOf(8, 6, 14), tags), dicomFile({}, "1.2.840.10008.1.2")]) {
    for (let length = 132; length < file.length; length++) {
      const before = outcomes.decoded;
      await attempt(file.subarray(0, length));
      assert.equal(outcomes.decoded, before, `cut to ${length} bytes`);
    }
    const place = fc.integer({ min: 132, max: file.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
        async (flips) => {
          const damaged = file.slice();
          for (const [at, flip] of flips) damaged[at] ^= flip;
          await attempt(damaged);
        },
      ),
      { seed: 2, numRuns: 2000 },
    );
  }
  printed.mock.restore();
  assert.equal(printed.mock.callCount(), 0);
  assert.ok(outcomes.decoded > 100 && outcomes.refused > 1000, JSON.stringify(outcomes));
});
