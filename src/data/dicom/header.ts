// What a DICOM header says of an image's layout, intensities and place in the patient, in classic and in enhanced objects.
import type { DataSet } from "dcmjs";
import type { GrayImage } from "../grayImage.ts";
import type { Intensity, LookupTable, StoredFormat, Window } from "./intensity.ts";
import type { PixelLayout } from "./pixels.ts";

/** Throws with what is wrong, naming the file. */
export type Refuse = (problem: string) => never;

export function firstValue(elements: DataSet | undefined, tag: string): unknown {
  const values = elements?.[tag]?.Value;
  return Array.isArray(values) ? values[0] : values;
}

/** The first item of a sequence. */
const itemOf = (elements: DataSet | undefined, tag: string): DataSet | undefined => {
  const item = firstValue(elements, tag);
  return item && typeof item === "object" ? (item as DataSet) : undefined;
};

/** A value for a message of one line; damage makes long and strange ones. */
const brief = (value: unknown): string =>
  String(value)
    .replace(/[^ -~]+/g, "?")
    .slice(0, 40);

function numbersOf(elements: DataSet | undefined, tag: string): number[] {
  const values = elements?.[tag]?.Value;
  return (Array.isArray(values) ? values : [values]).map(Number).filter(Number.isFinite);
}

/** More pixels than any mammogram has: what a damaged header may make us allocate. */
const mostPixels = 2 ** 26;

/** Functional groups that are looked at (PS3.3 C.7.6.16.2). */
const groups = {
  pixelMeasures: "00289110",
  frameAnatomy: "00209071",
  valueTransformation: "00289145",
  planeOrientation: "00209116",
  windows: "00289132",
} as const;

const views: Readonly<Record<string, string>> = {
  "399162004": "CC",
  "399368009": "MLO",
  "399260004": "ML",
  "399352003": "LM",
  "R-10242": "CC",
  "R-10226": "MLO",
};

export class DicomHeader {
  constructor(
    private readonly elements: DataSet,
    private readonly refuse: Refuse,
  ) {}

  #integer(tag: string, name: string, low: number, high: number, absent?: number): number {
    const value = firstValue(this.elements, tag) ?? absent;
    const label = `${name} (${tag.slice(0, 4)},${tag.slice(4)})`;
    if (value === undefined) return this.refuse(`has no ${label}`);
    const number = Number(value);
    if (Number.isInteger(number) && number >= low && number <= high) return number;
    return this.refuse(`has ${label} ${brief(value)}: must be ${low === high ? low : `${low} to ${high}`}`);
  }

  /** @throws what `refuse` does when an attribute is missing or of a kind that is not read. */
  layout(): PixelLayout {
    const height = this.#integer("00280010", "Rows", 1, 65_535);
    const width = this.#integer("00280011", "Columns", 1, 65_535);
    if (height * width > mostPixels)
      this.refuse(`has ${height}x${width} pixels: at most ${mostPixels} are read`);
    this.#integer("00280002", "SamplesPerPixel", 1, 1);
    const allocated = this.#integer("00280100", "BitsAllocated", 8, 16);
    if (allocated !== 8 && allocated !== 16)
      this.refuse(`has BitsAllocated (0028,0100) ${allocated}: must be 8 or 16`);
    const bits = this.#integer("00280101", "BitsStored", 8, allocated);
    this.#integer("00280102", "HighBit", bits - 1, bits - 1);
    const signed = this.#integer("00280103", "PixelRepresentation", 0, 1) === 1;
    const frames = this.#integer("00280008", "NumberOfFrames", 1, 100_000, 1);
    return { height, width, bits, signed, frames, bytes: allocated === 8 ? 1 : 2 };
  }

  /** @param wanted from 1. @returns from 0. */
  frameIndex(wanted: number | undefined, frames: number): number {
    if (wanted === undefined && frames > 1)
      this.refuse(`has ${frames} frames: name one of them, as in FILE#1 to FILE#${frames}`);
    const frame = wanted ?? 1;
    if (!Number.isInteger(frame) || frame < 1 || frame > frames)
      this.refuse(`has no frame ${frame}: must be 1 to ${frames}`);
    return frame - 1;
  }

  /** Whether an overlay is kept in bits above the stored ones (retired, but met): its OverlayBitPosition is not 0. */
  hasOverlaysInPixels(): boolean {
    return Object.keys(this.elements).some(
      (tag) => /^60..0102$/.test(tag) && Number(firstValue(this.elements, tag)) > 0,
    );
  }

  /** A frame's functional group, of its own or shared by all. */
  #group(tag: string, frame: number): DataSet | undefined {
    const perFrame = this.elements["52009230"]?.Value;
    const own = Array.isArray(perFrame) ? (perFrame[frame] as DataSet | undefined) : undefined;
    return itemOf(own, tag) ?? itemOf(itemOf(this.elements, "52009229"), tag);
  }

  intensity(frame: number, format: StoredFormat): Omit<Intensity, "format"> {
    const photometric = firstValue(this.elements, "00280004") ?? "absent";
    if (photometric !== "MONOCHROME1" && photometric !== "MONOCHROME2")
      this.refuse(
        `has PhotometricInterpretation (0028,0004) ${brief(photometric)}: must be MONOCHROME1 or MONOCHROME2`,
      );
    return {
      modality: this.#modality(frame),
      interest: this.#interest(frame),
      inverted: photometric === "MONOCHROME1",
      padding: this.#padding(format),
    };
  }

  #modality(frame: number): Intensity["modality"] {
    const table = lookupTable(itemOf(this.elements, "00283000"));
    if (table) return table;
    const group = this.#group(groups.valueTransformation, frame) ?? this.elements;
    const [slope = 1] = numbersOf(group, "00281053");
    const [intercept = 0] = numbersOf(group, "00281052");
    return { slope: slope || 1, intercept };
  }

  #interest(frame: number): Intensity["interest"] {
    const group = this.#group(groups.windows, frame) ?? this.elements;
    const table = lookupTable(itemOf(group, "00283010"));
    if (table) return table;
    const [center] = numbersOf(group, "00281050");
    const [width] = numbersOf(group, "00281051");
    if (center === undefined || width === undefined || width <= 0) return undefined;
    const shape = String(firstValue(group, "00281056") ?? "LINEAR");
    return { center, width, shape: isShape(shape) ? shape : "LINEAR" };
  }

  /** PixelPaddingValue, and to PixelPaddingRangeLimit where that is given. */
  #padding({ bits, signed }: StoredFormat): Intensity["padding"] {
    const [value] = numbersOf(this.elements, "00280120");
    if (value === undefined) return undefined;
    const [limit = value] = numbersOf(this.elements, "00280121");
    // Written as unsigned where the pixels are signed, and the other way round, by some.
    const stored = (number: number) => (signed && number >= 2 ** (bits - 1) ? number - 2 ** bits : number);
    const [a, b] = [stored(value), stored(limit)];
    return { from: Math.min(a, b), to: Math.max(a, b) };
  }

  /** Spacing, side, view and orientation, where they are given and legal. */
  place(frame: number): Pick<GrayImage, "spacing" | "laterality" | "view" | "orientation"> {
    const spacing = this.#spacing(frame);
    const anatomy = this.#group(groups.frameAnatomy, frame);
    const laterality =
      firstValue(this.elements, "00200062") ??
      firstValue(anatomy, "00209072") ??
      firstValue(this.elements, "00200060");
    const code = firstValue(itemOf(this.elements, "00540220"), "00080100");
    const view = firstValue(this.elements, "00185101") || views[String(code)];
    const orientation = this.#orientation(frame);
    return {
      ...(spacing ? { spacing } : {}),
      ...(laterality === "L" || laterality === "R" ? { laterality } : {}),
      ...(typeof view === "string" && view !== "" ? { view } : {}),
      ...(orientation ? { orientation } : {}),
    };
  }

  /** PatientOrientation, or in an enhanced object what the directions of the frame's rows and columns amount to. */
  #orientation(frame: number): readonly [rows: string, columns: string] | undefined {
    const named = this.elements["00200020"]?.Value;
    if (Array.isArray(named) && named.length === 2) return [String(named[0]), String(named[1])];
    const cosines = numbersOf(this.#group(groups.planeOrientation, frame), "00200037");
    if (cosines.length !== 6) return undefined;
    return [lettersOf(cosines.slice(0, 3)), lettersOf(cosines.slice(3))];
  }

  /**
   * PixelSpacing, of the frame in an enhanced object; else ImagerPixelSpacing, which measures at the detector, over the
   * magnification where that is told; else what a film was scanned at.
   */
  #spacing(frame: number): readonly [number, number] | undefined {
    const [magnification = 1] = numbersOf(this.elements, "00181114");
    const pairs = [
      [this.#group(groups.pixelMeasures, frame), "00280030", 1],
      [this.elements, "00280030", 1],
      [this.elements, "00181164", magnification || 1],
      [this.elements, "00182010", 1],
    ] as const;
    for (const [elements, tag, factor] of pairs) {
      const values = numbersOf(elements, tag);
      if (values.length === 2 && values.every((value) => value > 0))
        return [values[0] / factor, values[1] / factor];
    }
    return undefined;
  }
}

/** The axes of the patient that a direction follows, z before x before y where they tie (PS3.3 C.7.6.1.1.1). */
function lettersOf([x, y, z]: readonly number[]): string {
  const parts = [
    { size: Math.abs(z), letter: z > 0 ? "H" : "F" },
    { size: Math.abs(x), letter: x > 0 ? "L" : "R" },
    { size: Math.abs(y), letter: y > 0 ? "P" : "A" },
  ];
  return parts
    .filter(({ size }) => size > 0.1)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join("");
}

const isShape = (text: string): text is Window["shape"] =>
  text === "LINEAR" || text === "LINEAR_EXACT" || text === "SIGMOID";

/** LUTDescriptor and LUTData; 0 entries stand for 65,536, and the first value may be negative (PS3.3 C.11.1.1.1). */
function lookupTable(item: DataSet | undefined): LookupTable | undefined {
  const [count, first, bits] = numbersOf(item, "00283002");
  if (bits === undefined) return undefined;
  const data = item?.["00283006"]?.Value;
  const [only] = Array.isArray(data) ? data : [data];
  const entries =
    only instanceof ArrayBuffer
      ? new Uint16Array(only.slice(0, only.byteLength & ~1))
      : numbersOf(item, "00283006");
  if (entries.length === 0) return undefined;
  const used = Math.min(count || 65_536, entries.length);
  return {
    first: first > 32_767 ? first - 65_536 : first,
    bits,
    entries: Array.from(entries).slice(0, used),
  };
}
