// Breast Tomosynthesis Image (PS3.3 A.55): a reconstructed volume, or the synthetic mammogram made from one.

import type { GrayImage } from "../grayImage.ts";
import {
  codeItem,
  type DicomTags,
  decimal,
  examination,
  pixelFormat,
  uidFrom,
  viewAttributes,
  views,
} from "./terms.ts";

export const tomosynthesisClass = "1.2.840.10008.5.1.4.1.1.13.1.3";

/** PS3.3 C.8.21.6.1.1 and C.8.21.1.1: what the frames are. */
const frameTypes = {
  sm: {
    type: ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
    properties: {
      PixelPresentation: "MONOCHROME",
      VolumetricProperties: "SAMPLED",
      VolumeBasedCalculationTechnique: "MAX_IP",
    },
  },
  dbt: {
    type: ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"],
    properties: {
      PixelPresentation: "MONOCHROME",
      VolumetricProperties: "VOLUME",
      VolumeBasedCalculationTechnique: "TOMOSYNTHESIS",
    },
  },
} as const;

/** The tags of an object of this kind. */
type TomosynthesisTags = DicomTags & { readonly kind: keyof typeof frameTypes };

/** The standard wants a date; a file must not depend on the clock. */
const content = { ContentDate: "20000101", ContentTime: "000000" };

/**
 * Every attribute but the pixels, by its keyword.
 * @param frames of one size and spacing, from the detector upwards.
 */
export function tomosynthesisAttributes(frames: readonly GrayImage[], tags: TomosynthesisTags) {
  const { patient, uidSource, seriesDescription, side, view } = tags;
  const { type, properties } = frameTypes[tags.kind];
  const orientation = orientationOf(tags);
  return {
    ...examination(tags),
    ...viewAttributes(tags),
    ...pixelFormat(frames[0]),
    ...content,
    ...properties,
    SOPClassUID: tomosynthesisClass,
    ImageType: [...type],
    ContentQualification: "RESEARCH",
    FrameOfReferenceUID: uidFrom(`${uidSource}/${patient}/${side}/${view}/frame of reference`),
    PositionReferenceIndicator: "",
    Manufacturer: "Diptych",
    ManufacturerModelName: seriesDescription,
    DeviceSerialNumber: "0",
    SoftwareVersions: "1",
    NumberOfFrames: String(frames.length),
    SharedFunctionalGroupsSequence: [sharedGroups(frames[0], tags, orientation)],
    PerFrameFunctionalGroupsSequence: frames.map((_, index) => ({
      FrameContentSequence: [{ FrameAcquisitionNumber: 1, StackID: "1", InStackPositionNumber: index + 1 }],
      PlanePositionSequence: [{ ImagePositionPatient: positionOf(index, tags, orientation) }],
      XRay3DFrameTypeSequence: [{ FrameType: [...type], ...properties }],
    })),
  };
}

const sharedGroups = (
  { bits, spacing }: GrayImage,
  { side, sliceThickness = 1 }: TomosynthesisTags,
  { rows, columns }: Orientation,
) => ({
  ...(spacing
    ? {
        PixelMeasuresSequence: [
          { PixelSpacing: spacing.map(decimal), SliceThickness: decimal(sliceThickness) },
        ],
      }
    : {}),
  PlaneOrientationSequence: [{ ImageOrientationPatient: [...rows, ...columns].map(decimal) }],
  FrameAnatomySequence: [{ AnatomicRegionSequence: [codeItem("76752008", "Breast")], FrameLaterality: side }],
  PixelValueTransformationSequence: [{ RescaleIntercept: "0", RescaleSlope: "1", RescaleType: "US" }],
  FrameVOILUTSequence: [{ WindowCenter: String(2 ** (bits - 1)), WindowWidth: String(2 ** bits) }],
});

const positionOf = (index: number, { sliceThickness = 1 }: TomosynthesisTags, { normal }: Orientation) =>
  normal.map((axis) => decimal(axis * index * sliceThickness));

type Vector = readonly [x: number, y: number, z: number];

interface Orientation {
  readonly rows: Vector;
  readonly columns: Vector;
  readonly normal: Vector;
}

/** Directions of the patient's axes: x to the left, y to the back, z to the head (PS3.3 C.7.6.2.1.1). */
const axes: Readonly<Record<string, Vector>> = {
  L: [1, 0, 0],
  R: [-1, 0, 0],
  P: [0, 1, 0],
  A: [0, -1, 0],
  H: [0, 0, 1],
  F: [0, 0, -1],
};

/** "FR" is half-way between feet and right, as the oblique view is at 45 degrees. */
function direction(letters: string): Vector {
  const sum = [...letters].reduce<Vector>(
    ([x, y, z], letter) => [x + axes[letter][0], y + axes[letter][1], z + axes[letter][2]],
    [0, 0, 0],
  );
  const length = Math.hypot(...sum);
  return [sum[0] / length, sum[1] / length, sum[2] / length];
}

/** A view without a known orientation is written as cranio-caudal. */
function orientationOf({ view, side }: DicomTags): Orientation {
  const [rows, columns] = (views[view] ?? views.CC).orientation[side].map(direction);
  const normal: Vector = [
    rows[1] * columns[2] - rows[2] * columns[1],
    rows[2] * columns[0] - rows[0] * columns[2],
    rows[0] * columns[1] - rows[1] * columns[0],
  ];
  return { rows, columns, normal };
}
