// Detections as a Mammography CAD structured report, which mammography workstations draw over their images
// (PS3.3 A.35.5, PS3.16 TID 4000).
import { data } from "dcmjs";
import type { Detection } from "../../base/boxes.ts";
import type { GrayImage } from "../grayImage.ts";
import {
  byReference,
  type Code,
  type ContentItem,
  code,
  container,
  coordinates,
  dcm,
  image,
  number,
  text,
} from "./content.ts";
import type { DicomReference } from "./reference.ts";
import { codeItem, uidFrom, views } from "./terms.ts";
import { dicomFile } from "./writer.ts";

export const cadReportClass = "1.2.840.10008.5.1.4.1.1.88.50";

export interface ReportedImage {
  readonly reference: DicomReference;
  /** From 1, where the file holds several. */
  readonly frame?: number;
  readonly image: Pick<GrayImage, "laterality" | "view" | "orientation">;
  /** In the image's pixels. */
  readonly detections: readonly Detection[];
}

export interface ReportOptions {
  /** What has looked at the images. */
  readonly algorithm: string;
  readonly version: string;
  /** Labels of the classes, class 1 first. */
  readonly classes: readonly string[];
  readonly date: Date;
}

/** CID 6014, as far as labels of mammographic data sets name its findings. */
const findings: readonly (readonly [label: RegExp, code: Code])[] = [
  [/calc/i, codeItem("129769006", "Calcification Cluster")],
  [/distortion/i, codeItem("129792006", "Architectural distortion of breast")],
  [/asymmetry/i, codeItem("129790003", "Asymmetric breast tissue")],
  [/mass|tumou?r|nodule/i, codeItem("129788004", "Mammographic breast mass")],
];

/** A region that stands out, for labels that the context group has no word for. */
const selectedRegion = dcm("111099", "Selected Region");

const findingOf = (label: string): Code => findings.find(([name]) => name.test(label))?.[1] ?? selectedRegion;

const renderingIntent = code(
  "HAS CONCEPT MOD",
  dcm("111056", "Rendering Intent"),
  dcm("111150", "Presentation Required: Rendering device is expected to present"),
);

const algorithmItems = ({ algorithm, version }: ReportOptions): ContentItem[] => [
  text("HAS PROPERTIES", dcm("111001", "Algorithm Name"), algorithm),
  text("HAS PROPERTIES", dcm("111003", "Algorithm Version"), version),
];

const breasts = {
  L: codeItem("80248007", "Left breast"),
  R: codeItem("73056007", "Right breast"),
} as const;

/** TID 4020. */
function libraryEntry({ reference, frame, image: { laterality, view, orientation } }: ReportedImage) {
  const context: ContentItem[] = [];
  if (laterality)
    context.push(code("HAS ACQ CONTEXT", dcm("111027", "Image Laterality"), breasts[laterality]));
  if (view && view in views)
    context.push(code("HAS ACQ CONTEXT", dcm("111031", "Image View"), codeItem(...views[view].code)));
  if (orientation)
    context.push(
      text("HAS ACQ CONTEXT", dcm("111044", "Patient Orientation Row"), orientation[0]),
      text("HAS ACQ CONTEXT", dcm("111043", "Patient Orientation Column"), orientation[1]),
    );
  const sop = {
    ReferencedSOPClassUID: reference.sopClass,
    ReferencedSOPInstanceUID: reference.sopInstance,
    ...(frame ? { ReferencedFrameNumber: String(frame) } : {}),
  };
  return image("CONTAINS", sop, context);
}

/** Where the images stand: below the library, which is the root's second item. */
const placeOf = (index: number): number[] => [1, 2, index + 1];

const percent = { ...codeItem("%", "Percent"), CodingSchemeDesignator: "UCUM" };

/** TID 4006: what it is, how sure the detector is, and its box with its centre (TID 4021). */
function singleImageFinding({ box, score, label }: Detection, place: number[], options: ReportOptions) {
  const [yMin, xMin, yMax, xMax] = box;
  const outline = [xMin, yMin, xMax, yMin, xMax, yMax, xMin, yMax, xMin, yMin];
  const centre = [(xMin + xMax) / 2, (yMin + yMax) / 2];
  const certainty = (100 * score).toFixed(2);
  return code("CONTAINS", dcm("111059", "Single Image Finding"), findingOf(options.classes[label - 1]), [
    renderingIntent,
    ...algorithmItems(options),
    number("HAS PROPERTIES", dcm("111012", "Certainty of Finding"), certainty, percent),
    coordinates("HAS PROPERTIES", dcm("111010", "Center"), "POINT", centre, place),
    coordinates("HAS PROPERTIES", dcm("111041", "Outline"), "POLYLINE", outline, place),
  ]);
}

/** TID 4003, one a detection. */
const impressions = (images: readonly ReportedImage[], options: ReportOptions): ContentItem[] =>
  images.flatMap(({ detections }, index) =>
    detections.map((detection) =>
      container("INFERRED FROM", dcm("111034", "Individual Impression/Recommendation"), [
        renderingIntent,
        singleImageFinding(detection, placeOf(index), options),
      ]),
    ),
  );

/** TID 4015 and 4017: every kind of finding has been looked for on every image. */
function detectionsPerformed(images: readonly ReportedImage[], options: ReportOptions): ContentItem {
  const kinds = new Map(options.classes.map(findingOf).map((kind) => [kind.CodeValue, kind]));
  const performed = [...kinds.values()].map((kind) =>
    code("CONTAINS", dcm("111022", "Detection Performed"), kind, [
      ...algorithmItems(options),
      ...images.map((_, index) => byReference("INFERRED FROM", placeOf(index))),
    ]),
  );
  return container("INFERRED FROM", dcm("111063", "Successful Detections"), performed);
}

/** TID 4000. */
function contentOf(images: readonly ReportedImage[], options: ReportOptions): ContentItem {
  const found = impressions(images, options);
  const summary =
    found.length > 0
      ? dcm("111242", "All algorithms succeeded; with findings")
      : dcm("111241", "All algorithms succeeded; without findings");
  const english = { ...codeItem("en", "English"), CodingSchemeDesignator: "RFC5646" };
  return container(undefined, dcm("111036", "Mammography CAD Report"), [
    code("HAS CONCEPT MOD", dcm("121049", "Language of Content Item and Descendants"), english),
    container("CONTAINS", dcm("111028", "Image Library"), images.map(libraryEntry)),
    code("CONTAINS", dcm("111017", "CAD Processing and Findings Summary"), summary, found),
    code("CONTAINS", dcm("111064", "Summary of Detections"), dcm("111222", "Succeeded"), [
      detectionsPerformed(images, options),
    ]),
    code("CONTAINS", dcm("111065", "Summary of Analyses"), dcm("111225", "Not Attempted")),
  ]);
}

/** CurrentRequestedProcedureEvidenceSequence: every image by its series. */
function evidenceOf(images: readonly ReportedImage[]) {
  const series = new Map<string, Map<string, string>>();
  for (const { reference } of images)
    series.set(
      reference.series,
      (series.get(reference.series) ?? new Map()).set(reference.sopInstance, reference.sopClass),
    );
  const referenced = [...series].map(([SeriesInstanceUID, instances]) => ({
    SeriesInstanceUID,
    ReferencedSOPSequence: [...instances].map(([ReferencedSOPInstanceUID, ReferencedSOPClassUID]) => ({
      ReferencedSOPClassUID,
      ReferencedSOPInstanceUID,
    })),
  }));
  return [{ ReferencedSeriesSequence: referenced, StudyInstanceUID: images[0].reference.study }];
}

/**
 * The bytes of a report about images of one study. A score is written as the certainty of a finding, in percent. The
 * report's identifiers depend on the study, the algorithm and the time.
 */
export function encodeCadReport(images: readonly ReportedImage[], options: ReportOptions): Uint8Array {
  const [{ reference }] = images;
  const [ContentDate, time] = options.date.toISOString().replaceAll(/[-:]/g, "").split("T");
  const ContentTime = time.slice(0, 6);
  const name = `${reference.study}/${options.algorithm} ${options.version}`;
  const attributes = {
    SpecificCharacterSet: "ISO_IR 192",
    SOPClassUID: cadReportClass,
    SOPInstanceUID: uidFrom(`${name}/${ContentDate}${ContentTime}`),
    SeriesInstanceUID: uidFrom(`${name}/series`),
    Modality: "SR",
    SeriesNumber: "1",
    SeriesDescription: `CAD: ${options.algorithm}`.slice(0, 64),
    ReferencedPerformedProcedureStepSequence: [],
    Manufacturer: "diptych",
    SoftwareVersions: options.version,
    InstanceNumber: "1",
    ContentDate,
    ContentTime,
    CompletionFlag: "COMPLETE",
    VerificationFlag: "UNVERIFIED",
    PerformedProcedureCodeSequence: [],
    CurrentRequestedProcedureEvidenceSequence: evidenceOf(images),
    ContentTemplateSequence: [{ MappingResource: "DCMR", TemplateIdentifier: "4000" }],
    ...contentOf(images, options),
  };
  const elements = data.DicomMetaDictionary.denaturalizeDataset(attributes);
  return dicomFile(cadReportClass, attributes.SOPInstanceUID, {
    ...blank,
    ...reference.examination,
    ...elements,
  });
}

/** Attributes of patient and study that must be there, if only without a value. */
const blank = data.DicomMetaDictionary.denaturalizeDataset({
  StudyDate: "",
  StudyTime: "",
  AccessionNumber: "",
  ReferringPhysicianName: "",
  PatientName: "",
  PatientID: "",
  PatientBirthDate: "",
  PatientSex: "",
  StudyID: "",
});
