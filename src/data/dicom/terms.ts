// What mammograms are called in DICOM: codes, orientations and identifiers, for the writer of each kind of object.
import { createHash } from "node:crypto";
import type { Side } from "../manifest.ts";

/** What a DICOM file says beside its pixels. */
export interface DicomTags {
  /** `sm`: a 2-D image generated from a tomosynthesis volume; `dbt`: the volume. */
  readonly kind: "ffdm" | "sm" | "dbt";
  readonly patient: string;
  readonly side: Side;
  /** CC, MLO, …: upper-case letters, digits, spaces and underscores. */
  readonly view: string;
  readonly seriesDescription: string;
  /** Names the data set. Every UID is derived from it, the patient, kind, side and view. */
  readonly uidSource: string;
  /** Geometric magnification at the detector; `spacing` is that of the breast. Default 1. */
  readonly magnification?: number;
  /** From one slice of a volume to the next, mm; of a 2-D image the thickness that it shows. Default 1. */
  readonly sliceThickness?: number;
}

interface View {
  /** PS3.16 context group 4014. */
  readonly code: readonly [value: string, meaning: string];
  /** Where the rows and the columns run as mammograms are hung: chest walls back to back, lateral or head on top. */
  readonly orientation: Readonly<Record<Side, readonly [rows: string, columns: string]>>;
}

export const views: Readonly<Record<string, View>> = {
  CC: { code: ["399162004", "cranio-caudal"], orientation: { L: ["A", "R"], R: ["P", "L"] } },
  MLO: { code: ["399368009", "medio-lateral oblique"], orientation: { L: ["A", "FR"], R: ["P", "FL"] } },
  ML: { code: ["399260004", "medio-lateral"], orientation: { L: ["A", "F"], R: ["P", "F"] } },
  LM: { code: ["399352003", "latero-medial"], orientation: { L: ["A", "F"], R: ["P", "F"] } },
};

/** A UID under 2.25, whose number is a UUID (PS3.5 B.2): of version 8, made from the name's SHA-256. */
export function uidFrom(name: string): string {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString("hex")}`)}`;
}

export const codeItem = (CodeValue: string, CodeMeaning: string) => ({
  CodeValue,
  CodingSchemeDesignator: "SCT",
  CodeMeaning,
});

/** A decimal string, of which DICOM allows 16 characters. */
export const decimal = (value: number): string => String(Number(value.toPrecision(9)));

/** The attributes of both kinds of object: patient, study, series; empty where a value may be unknown. */
export const examination = (tags: DicomTags) => ({
  PatientName: "",
  PatientID: tags.patient,
  PatientBirthDate: "",
  PatientSex: "",
  StudyID: "",
  StudyDate: "",
  StudyTime: "",
  AccessionNumber: "",
  ReferringPhysicianName: "",
  Modality: "MG",
  SeriesNumber: String(["ffdm", "sm", "dbt"].indexOf(tags.kind) + 1),
  SeriesDescription: tags.seriesDescription,
  InstanceNumber: "1",
  StudyInstanceUID: uidFrom(`${tags.uidSource}/${tags.patient}/study`),
  SeriesInstanceUID: uidFrom(`${tags.uidSource}/${tags.patient}/${tags.kind}`),
  SOPInstanceUID: uidFrom(`${tags.uidSource}/${tags.patient}/${tags.kind}/${tags.side}/${tags.view}`),
  AcquisitionContextSequence: [],
  LossyImageCompression: "00",
  BurnedInAnnotation: "NO",
  PresentationLUTShape: "IDENTITY",
});

export const viewAttributes = ({ view }: DicomTags) => ({
  ...(view in views
    ? { ViewCodeSequence: [{ ...codeItem(...views[view].code), ViewModifierCodeSequence: [] }] }
    : {}),
  BreastImplantPresent: "NO",
  PartialView: "NO",
});

/** PS3.3 C.7.6.3: one unsigned sample of `bits` in 16. */
export const pixelFormat = ({ width, height, bits }: { width: number; height: number; bits: number }) => ({
  SamplesPerPixel: 1,
  PhotometricInterpretation: "MONOCHROME2",
  Rows: height,
  Columns: width,
  BitsAllocated: 16,
  BitsStored: bits,
  HighBit: bits - 1,
  PixelRepresentation: 0,
});
