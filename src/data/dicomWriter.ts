// Writes a pair's images as Digital Mammography X-Ray Image Storage - For Presentation (PS3.3 A.26), with the
// attributes that its modules require. Nothing depends on the clock: the same image and tags give the same bytes.
import { createHash } from "node:crypto";
import { data } from "dcmjs";
import { writeFileAtomically } from "../base/files.ts";
import { explicitLittleEndian } from "./dicom.ts";
import type { GrayImage } from "./grayImage.ts";
import type { Side } from "./manifest.ts";

/** What a DICOM file says beside its pixels. */
export interface DicomTags {
  /** `sm`: a 2-D image generated from a tomosynthesis volume. */
  readonly kind: "ffdm" | "sm";
  readonly patient: string;
  readonly side: Side;
  /** CC, MLO, …: upper-case letters, digits, spaces and underscores. */
  readonly view: string;
  readonly seriesDescription: string;
  /** Names the data set. Every UID is derived from it, the patient, kind, side and view. */
  readonly uidSource: string;
}

const digitalMammographyForPresentation = "1.2.840.10008.5.1.4.1.1.1.2";

/** PS3.3 C.8.11.7.1.4; the third value of an SM is the one that tomosynthesis systems write. */
const imageTypes = {
  ffdm: ["ORIGINAL", "PRIMARY", ""],
  sm: ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
} as const;

interface View {
  /** PS3.16 context group 4014. */
  readonly code: readonly [value: string, meaning: string];
  /** Where the rows and the columns run as mammograms are hung: chest walls back to back, lateral or head on top. */
  readonly orientation: Readonly<Record<Side, readonly [rows: string, columns: string]>>;
}

const views: Readonly<Record<string, View>> = {
  CC: { code: ["399162004", "cranio-caudal"], orientation: { L: ["A", "R"], R: ["P", "L"] } },
  MLO: { code: ["399368009", "medio-lateral oblique"], orientation: { L: ["A", "FR"], R: ["P", "FL"] } },
  ML: { code: ["399260004", "medio-lateral"], orientation: { L: ["A", "F"], R: ["P", "F"] } },
  LM: { code: ["399352003", "latero-medial"], orientation: { L: ["A", "F"], R: ["P", "F"] } },
};

/** A UID under 2.25, whose number is a UUID (PS3.5 B.2): of version 8, made from the name's SHA-256. */
function uidFrom(name: string): string {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString("hex")}`)}`;
}

const codeItem = (CodeValue: string, CodeMeaning: string) => ({
  CodeValue,
  CodingSchemeDesignator: "SCT",
  CodeMeaning,
});

/**
 * The bytes of an explicit little-endian DICOM file: MONOCHROME2, `image.bits` stored in 16 allocated.
 * @throws RangeError when a pixel needs more bits.
 */
export function encodeDicom(image: GrayImage, tags: DicomTags): Uint8Array {
  if (image.data.some((value) => value >= 2 ** image.bits))
    throw new RangeError(`a pixel needs more than the image's ${image.bits} bits`);
  const patientUid = `${tags.uidSource}/${tags.patient}`;
  const instanceUid = uidFrom(`${patientUid}/${tags.kind}/${tags.side}/${tags.view}`);
  const file = new data.DicomDict(
    data.DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: [new Uint8Array([0, 1]).buffer],
      MediaStorageSOPClassUID: digitalMammographyForPresentation,
      MediaStorageSOPInstanceUID: instanceUid,
      TransferSyntaxUID: explicitLittleEndian,
      ImplementationClassUID: uidFrom("diptych"),
      ImplementationVersionName: "DIPTYCH",
    }),
  );
  file.dict = data.DicomMetaDictionary.denaturalizeDataset({
    SOPClassUID: digitalMammographyForPresentation,
    SOPInstanceUID: instanceUid,
    StudyInstanceUID: uidFrom(`${patientUid}/study`),
    SeriesInstanceUID: uidFrom(`${patientUid}/${tags.kind}`),
    ...examination(tags),
    ...breast(tags),
    ...pixelDescription(image),
    PixelData: [image.data.slice().buffer],
    _vrMap: { PixelData: "OW" },
  });
  return new Uint8Array(file.write());
}

/** Encodes and writes atomically. @throws UserError naming the file when it cannot be written. */
export async function writeDicomImage(path: string, image: GrayImage, tags: DicomTags): Promise<void> {
  await writeFileAtomically(path, encodeDicom(image, tags));
}

/** Patient, study, series and equipment; empty where the standard asks for an attribute whose value may be unknown. */
const examination = (tags: DicomTags) => ({
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
  PresentationIntentType: "FOR PRESENTATION",
  SeriesNumber: tags.kind === "ffdm" ? "1" : "2",
  SeriesDescription: tags.seriesDescription,
  Manufacturer: "",
  InstanceNumber: "1",
});

const breast = ({ kind, side, view }: DicomTags) => ({
  ImageType: [...imageTypes[kind]],
  ImageLaterality: side,
  ViewPosition: view,
  PatientOrientation: view in views ? [...views[view].orientation[side]] : "",
  ...(view in views
    ? { ViewCodeSequence: [{ ...codeItem(...views[view].code), ViewModifierCodeSequence: [] }] }
    : {}),
  AnatomicRegionSequence: [codeItem("76752008", "Breast")],
  BodyPartExamined: "BREAST",
  OrganExposed: "BREAST",
  PositionerType: "MAMMOGRAPHIC",
  BreastImplantPresent: "NO",
  PartialView: "NO",
  DetectorType: "",
  AcquisitionContextSequence: [],
});

function pixelDescription({ width, height, bits, spacing }: GrayImage) {
  // DS holds 16 characters at most.
  const millimetres = spacing?.map((value) => String(Number(value.toPrecision(9))));
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: "MONOCHROME2",
    Rows: height,
    Columns: width,
    BitsAllocated: 16,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    PixelIntensityRelationship: "LOG",
    PixelIntensityRelationshipSign: -1,
    RescaleIntercept: "0",
    RescaleSlope: "1",
    RescaleType: "US",
    PresentationLUTShape: "IDENTITY",
    WindowCenter: String(2 ** (bits - 1)),
    WindowWidth: String(2 ** bits),
    LossyImageCompression: "00",
    BurnedInAnnotation: "NO",
    ...(millimetres ? { ImagerPixelSpacing: millimetres, PixelSpacing: millimetres } : {}),
  };
}
