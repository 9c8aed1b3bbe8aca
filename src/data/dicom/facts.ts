// What a DICOM file says of itself, in words for people.
import { type DataSet, data } from "dcmjs";
import { isDicom } from "./dicom.ts";

const syntaxes: Readonly<Record<string, string>> = {
  "1.2.840.10008.1.2": "implicit little endian",
  "1.2.840.10008.1.2.1": "explicit little endian",
  "1.2.840.10008.1.2.1.99": "deflated",
  "1.2.840.10008.1.2.2": "explicit big endian",
  "1.2.840.10008.1.2.4.50": "JPEG baseline",
  "1.2.840.10008.1.2.4.51": "JPEG extended",
  "1.2.840.10008.1.2.4.57": "JPEG lossless",
  "1.2.840.10008.1.2.4.70": "JPEG lossless, first order",
  "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
  "1.2.840.10008.1.2.4.81": "JPEG-LS",
  "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
  "1.2.840.10008.1.2.4.91": "JPEG 2000",
  "1.2.840.10008.1.2.5": "RLE",
};

const objects: Readonly<Record<string, string>> = {
  "1.2.840.10008.5.1.4.1.1.1.2": "digital mammogram, for presentation",
  "1.2.840.10008.5.1.4.1.1.1.2.1": "digital mammogram, for processing",
  "1.2.840.10008.5.1.4.1.1.13.1.3": "breast tomosynthesis",
  "1.2.840.10008.5.1.4.1.1.13.1.4": "breast projection, for presentation",
  "1.2.840.10008.5.1.4.1.1.13.1.5": "breast projection, for processing",
  "1.2.840.10008.5.1.4.1.1.7": "secondary capture",
};

/** Attributes that give the distance of pixels, in the order in which they are believed. */
const spacings: readonly (readonly [tag: string, name: string])[] = [
  ["00280030", "PixelSpacing"],
  ["00181164", "ImagerPixelSpacing"],
  ["00182010", "NominalScannedPixelSpacing"],
];

/** Name and text of what is given, most telling first; empty when the file is no DICOM or cannot be read. */
export function dicomFacts(bytes: Uint8Array): readonly (readonly [name: string, text: string])[] {
  if (!isDicom(bytes)) return [];
  let file: { meta: DataSet; dict: DataSet };
  try {
    file = data.DicomMessage.readFile(bytes.slice().buffer, { ignoreErrors: true });
  } catch {
    return [];
  }
  const of = (tag: string, elements = file.dict) => textOf(elements, tag);
  const syntax = of("00020010", file.meta);
  const object = of("00080016");
  const facts: (readonly [string, string])[] = [
    ["object", objects[object] ?? object],
    ["image type", of("00080008")],
    ["made by", [of("00080070"), of("00081090")].filter(Boolean).join(" ")],
    ["encoding", `${syntaxes[syntax] ?? syntax}, ${pixelFormat(of)}`],
    ["laterality", of("00200062") || of("00200060")],
    ["view", of("00185101")],
    ["orientation", of("00200020")],
    ...spacings.map(([tag, name]) => [name, of(tag).replace("\\", " x ")] as const),
    ["window", windowOf(of)],
    ["VOI LUT", file.dict["00283010"] ? "present" : ""],
    ["rescale", of("00281053") && `${of("00281053")} · value + ${of("00281052") || 0}`],
    ["padding", of("00280120")],
    ["burned-in annotation", of("00280301")],
  ];
  return facts.filter(([, text]) => text !== "");
}

function textOf(elements: DataSet, tag: string): string {
  const value = elements[tag]?.Value;
  if (value === undefined || value === null) return "";
  return (Array.isArray(value) ? value : [value]).map((item) => String(item ?? "")).join("\\");
}

type Of = (tag: string) => string;

function pixelFormat(of: Of): string {
  const sign = of("00280103") === "1" ? "signed" : "unsigned";
  const frames = Number(of("00280008") || 1);
  const format = `${of("00280101")} bits ${sign} in ${of("00280100")}, ${of("00280004")}`;
  return frames > 1 ? `${format}, ${frames} frames` : format;
}

function windowOf(of: Of): string {
  const [centres, widths] = [of("00281050"), of("00281051")].map((text) => text.split("\\").filter(Boolean));
  const names = of("00281055").split("\\");
  const shape = of("00281056") || "LINEAR";
  return centres
    .map((centre, index) => {
      const name = names[index] ? ` (${names[index]})` : "";
      return `centre ${centre}, width ${widths[index] ?? "?"}, ${shape}${name}`;
    })
    .join("; ");
}
