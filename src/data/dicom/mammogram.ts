// Digital Mammography X-Ray Image, for presentation (PS3.3 A.26).

import type { GrayImage } from "../grayImage.ts";
import {
  codeItem,
  type DicomTags,
  decimal,
  examination,
  pixelFormat,
  viewAttributes,
  views,
} from "./terms.ts";

export const mammogramClass = "1.2.840.10008.5.1.4.1.1.1.2";

/** Every attribute but the pixels, by its keyword. */
export function mammogramAttributes(image: GrayImage, tags: DicomTags) {
  const { side, view } = tags;
  return {
    ...examination(tags),
    ...viewAttributes(tags),
    ...pixelFormat(image),
    ...intensities(image),
    ...spacings(image, tags),
    SOPClassUID: mammogramClass,
    ImageType: ["ORIGINAL", "PRIMARY", ""],
    PresentationIntentType: "FOR PRESENTATION",
    Manufacturer: "",
    ImageLaterality: side,
    ViewPosition: view,
    PatientOrientation: view in views ? [...views[view].orientation[side]] : "",
    AnatomicRegionSequence: [codeItem("76752008", "Breast")],
    BodyPartExamined: "BREAST",
    OrganExposed: "BREAST",
    PositionerType: "MAMMOGRAPHIC",
    DetectorType: "",
  };
}

const intensities = ({ bits }: GrayImage) => ({
  PixelIntensityRelationship: "LOG",
  PixelIntensityRelationshipSign: -1,
  RescaleIntercept: "0",
  RescaleSlope: "1",
  RescaleType: "US",
  WindowCenter: String(2 ** (bits - 1)),
  WindowWidth: String(2 ** bits),
});

/** PixelSpacing is the breast's, calibrated by the magnification; ImagerPixelSpacing is the detector's (PS3.3 10.7.1). */
function spacings({ spacing }: GrayImage, { magnification = 1 }: DicomTags) {
  if (!spacing) return {};
  return {
    ImagerPixelSpacing: spacing.map((value) => decimal(value * magnification)),
    PixelSpacing: spacing.map(decimal),
    PixelSpacingCalibrationType: "GEOMETRY",
    PixelSpacingCalibrationDescription: "mid-height of the compressed breast",
    EstimatedRadiographicMagnificationFactor: decimal(magnification),
  };
}
