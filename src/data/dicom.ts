// Reads the DICOM files that digital mammography systems export.
import { type DataSet, data, log, type ReadBufferStream } from "dcmjs";
import { reasonOf, UserError } from "../base/errors.ts";
import type { GrayImage } from "./grayImage.ts";

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

const implicitLittleEndian = "1.2.840.10008.1.2";
export const explicitLittleEndian = "1.2.840.10008.1.2.1";

/** Whether a file carries the DICOM prefix behind its preamble. */
export const isDicom = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(128, 132)) === "DICM";

type Refuse = (problem: string) => never;

/**
 * A single-frame, single-channel image of 10 to 16 unsigned bits in 16-bit words, MONOCHROME1 inverted. Windows and
 * rescale slopes are not applied: both are linear, and the network's input is standardised per image.
 * @param file names the source in messages.
 * @throws UserError when the file is compressed, of another kind, damaged or cut short.
 */
export function decodeDicom(bytes: Uint8Array, file: string): GrayImage {
  const refuse: Refuse = (problem) => {
    throw new UserError(`${file}: ${problem}`);
  };
  const { meta, dict } = parse(bytes, refuse);
  const syntax = firstValue(meta, "00020010") ?? "absent";
  if (syntax !== implicitLittleEndian && syntax !== explicitLittleEndian)
    refuse(`has transfer syntax ${syntax}: must be uncompressed little-endian (gdcmconv --raw converts it)`);
  const pixels = firstValue(dict, "7FE00010");
  if (!(pixels instanceof ArrayBuffer))
    return refuse("has no pixel data (7FE0,0010), or is damaged or cut short there or before");
  const format = checkFormat(dict, refuse);
  const spacing = spacingOf(dict);
  return {
    width: format.width,
    height: format.height,
    bits: format.bits,
    data: readPixels(pixels, format, refuse),
    ...(spacing ? { spacing } : {}),
    ...viewOf(dict),
  };
}

/**
 * The file meta information and the data set, up to the first element that cannot be read: dcmjs stops at some
 * character sets, too, and nothing that is needed here is in them.
 */
function parse(bytes: Uint8Array, refuse: Refuse): { meta: DataSet; dict: DataSet } {
  try {
    return data.DicomMessage.readFile(exactBuffer(bytes), { ignoreErrors: true });
  } catch (error) {
    return refuse(`not a readable DICOM file: ${reasonOf(error)}`);
  }
}

/** dcmjs ignores the offset of a view into a larger buffer. */
const exactBuffer = (bytes: Uint8Array): ArrayBufferLike =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;

function firstValue(elements: DataSet, tag: string): unknown {
  const values = elements[tag]?.Value;
  return Array.isArray(values) ? values[0] : values;
}

interface PixelFormat {
  readonly height: number;
  readonly width: number;
  readonly bits: number;
  readonly inverted: boolean;
}

function checkFormat(elements: DataSet, refuse: Refuse): PixelFormat {
  const integer = (tag: string, name: string, low: number, high: number, absent?: number): number => {
    const value = firstValue(elements, tag) ?? absent;
    const label = `${name} (${tag.slice(0, 4)},${tag.slice(4)})`;
    if (value === undefined) return refuse(`has no ${label}`);
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high)
      return value as number;
    return refuse(`has ${label} ${value}: must be ${low === high ? low : `${low} to ${high}`}`);
  };
  const height = integer("00280010", "Rows", 1, 65_535);
  const width = integer("00280011", "Columns", 1, 65_535);
  integer("00280002", "SamplesPerPixel", 1, 1);
  integer("00280008", "NumberOfFrames", 1, 1, 1);
  integer("00280100", "BitsAllocated", 16, 16);
  const bits = integer("00280101", "BitsStored", 10, 16);
  integer("00280102", "HighBit", bits - 1, bits - 1);
  integer("00280103", "PixelRepresentation", 0, 0);
  const photometric = firstValue(elements, "00280004") ?? "absent";
  if (photometric !== "MONOCHROME1" && photometric !== "MONOCHROME2")
    refuse(`has PhotometricInterpretation (0028,0004) ${photometric}: must be MONOCHROME1 or MONOCHROME2`);
  return { height, width, bits, inverted: photometric === "MONOCHROME1" };
}

function readPixels(bytes: ArrayBuffer, format: PixelFormat, refuse: Refuse): Uint16Array {
  const { height, width, bits, inverted } = format;
  if (bytes.byteLength !== 2 * height * width)
    refuse(
      `has ${bytes.byteLength} bytes of pixel data (7FE0,0010): must be ${2 * height * width} for ${height}x${width} pixels`,
    );
  const pixels = new Uint16Array(bytes);
  const largest = 2 ** bits - 1;
  const over = pixels.find((value) => value > largest);
  if (over !== undefined) refuse(`has a pixel of value ${over}: must be at most ${largest} in ${bits} bits`);
  return inverted ? pixels.map((value) => largest - value) : pixels;
}

/** PixelSpacing, or ImagerPixelSpacing, which measures at the detector. */
function spacingOf(elements: DataSet): readonly [number, number] | undefined {
  for (const tag of ["00280030", "00181164"]) {
    const values = elements[tag]?.Value;
    if (Array.isArray(values) && values.length === 2 && values.every((value) => value > 0))
      return [values[0], values[1]];
  }
  return undefined;
}

/** Side, view and orientation, where they are given and legal. */
function viewOf(elements: DataSet): Pick<GrayImage, "laterality" | "view" | "orientation"> {
  const laterality = firstValue(elements, "00200062") ?? firstValue(elements, "00200060");
  const view = firstValue(elements, "00185101");
  const orientation = elements["00200020"]?.Value;
  return {
    ...(laterality === "L" || laterality === "R" ? { laterality } : {}),
    ...(typeof view === "string" && view !== "" ? { view } : {}),
    ...(Array.isArray(orientation) && orientation.length === 2
      ? { orientation: [orientation[0], orientation[1]] as const }
      : {}),
  };
}
