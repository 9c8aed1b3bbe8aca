// Reads the DICOM files that digital mammography systems export.
import { constants, inflateRawSync } from "node:zlib";
import { type DataSet, data, log, type ReadBufferStream } from "dcmjs";
import { reasonOf, UserError } from "../../base/errors.ts";
import type { GrayImage } from "../grayImage.ts";
import { DicomHeader, firstValue, type Refuse } from "./header.ts";
import { brightnessTable, type StoredFormat } from "./intensity.ts";
import { type PixelLayout, readableSyntaxes, readFrame } from "./pixels.ts";

log.setLevel("silent");
log.getLogger("validation.dcmjs").setLevel("silent");

// dcmjs believes the length that an element claims: it allocates it, gigabytes included, and fills up with zeros what
// the file does not hold. This refuses such an element instead.
const { getBuffer } = data.ReadBufferStream.prototype;
data.ReadBufferStream.prototype.getBuffer = function (this: ReadBufferStream, start, end) {
  if (end > this.endOffset)
    throw new Error(`an element claims ${end - start} bytes, ${this.endOffset - start} are there`);
  return getBuffer.call(this, start, end);
};

const deflated = "1.2.840.10008.1.2.1.99";
export const explicitLittleEndian = "1.2.840.10008.1.2.1";

/** Bytes that a deflated file may unfold to. */
const mostInflated = 2 ** 30;

/** Whether a file carries the DICOM prefix behind its preamble. */
export const isDicom = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(128, 132)) === "DICM";

/**
 * One frame of a single-channel image of 8 to 16 bits, as it is meant to be seen: after modality LUT and VOI LUT or window (the
 * first of several), MONOCHROME1 inverted, as detectors of lesions are trained on what readers see. Values fill the stored bits; a full
 * window leaves them as they are. Of the compressed syntaxes, JPEG (baseline, extended, lossless), JPEG-LS, JPEG 2000 and RLE
 * are read.
 * @param file names the source in messages.
 * @param frame from 1; needed where there are several.
 * @throws UserError when the file is of another kind, damaged or cut short.
 */
export async function decodeDicom(bytes: Uint8Array, file: string, frame?: number): Promise<GrayImage> {
  const refuse: Refuse = (problem) => {
    throw new UserError(`${file}: ${problem}`);
  };
  const { meta, dict } = parse(bytes, refuse);
  const syntax = String(firstValue(meta, "00020010") ?? "absent");
  const chunks = pixelChunks(dict, refuse);
  if (!readableSyntaxes.includes(syntax))
    refuse(`has transfer syntax ${syntax}: gdcmconv --raw converts it to one that is read`);
  const header = new DicomHeader(dict, refuse);
  const layout = header.layout();
  const index = header.frameIndex(frame, layout.frames);
  const pixels = await readFrame(chunks, syntax, layout, index).catch((error) =>
    refuse(`cannot be decoded: ${typeof error === "string" ? error : reasonOf(error)}`),
  );
  if (pixels.length !== layout.width * layout.height) refuse("has too few pixels");
  const format = trueFormat(layout, pixels, header.hasOverlaysInPixels());
  const { padding, ...intensity } = header.intensity(index, format);
  const table = brightnessTable({ ...intensity, format, padding });
  const mask = 2 ** format.bits - 1;
  return {
    width: layout.width,
    height: layout.height,
    bits: format.bits,
    data: pixels.map((pattern) => table[pattern & mask]),
    ...header.place(index),
    ...(padding ? { padding: 0 } : {}),
  };
}

/** The value of the pixel data: one array, or the compressed frames or fragments. */
function pixelChunks(elements: DataSet, refuse: Refuse): Uint8Array[] {
  const values = elements["7FE00010"]?.Value;
  const chunks = (Array.isArray(values) ? values : []).filter((value) => value instanceof ArrayBuffer);
  if (chunks.length === 0)
    return refuse("has no pixel data (7FE0,0010), or is damaged or cut short there or before");
  return chunks.map((chunk) => new Uint8Array(chunk));
}

/**
 * What the header says of the stored bits, unless it lies: where values need more than BitsStored and no overlay is kept in
 * the bits above (as in BCS-DBT, which says 10 and stores 16), all allocated bits count.
 */
function trueFormat(layout: PixelLayout, pixels: Uint16Array, overlays: boolean): StoredFormat {
  const { bits, signed, bytes } = layout;
  const allocated = 8 * bytes;
  const fits = (pattern: number) => {
    const above = pattern >> bits;
    return above === 0 || (signed && above === 2 ** (allocated - bits) - 1 && (pattern >> (bits - 1)) & 1);
  };
  return overlays || pixels.every(fits) ? { bits, signed } : { bits: allocated, signed };
}

/**
 * The file meta information and the data set, up to the first element that cannot be read: dcmjs stops at some
 * character sets, too, and nothing that is needed here is in them.
 */
function parse(bytes: Uint8Array, refuse: Refuse): { meta: DataSet; dict: DataSet } {
  try {
    return data.DicomMessage.readFile(exactBuffer(inflated(bytes)), { ignoreErrors: true });
  } catch (error) {
    return refuse(`not a readable DICOM file: ${reasonOf(error)}`);
  }
}

/**
 * A deflated file (PS3.5 A.5) as an explicit one, within a bound that dcmjs does not keep; any other as it is. The meta
 * information begins with its own length, 144 bytes into the file.
 */
function inflated(bytes: Uint8Array): Uint8Array {
  const start =
    bytes.length > 144 ? 144 + new DataView(bytes.buffer, bytes.byteOffset + 140, 4).getUint32(0, true) : 0;
  const head = Buffer.from(bytes.subarray(0, start));
  const at = start <= bytes.length ? head.indexOf(deflated) : -1;
  if (at < 0) return bytes;
  head.fill(0, at, at + deflated.length);
  head.write(explicitLittleEndian, at);
  const body = inflateRawSync(bytes.subarray(start), {
    maxOutputLength: mostInflated,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  return Buffer.concat([head, body]);
}

/** dcmjs ignores the offset of a view into a larger buffer. */
const exactBuffer = (bytes: Uint8Array): ArrayBufferLike =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : new Uint8Array(bytes).buffer;
