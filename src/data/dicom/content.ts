// The content items of DICOM structured reports (PS3.3 C.17.3), as dcmjs writes them.
import { codeItem } from "./terms.ts";

export type Code = ReturnType<typeof codeItem>;

/** A code of DICOM's own (PS3.16, annex D). */
export const dcm = (CodeValue: string, CodeMeaning: string): Code => ({
  ...codeItem(CodeValue, CodeMeaning),
  CodingSchemeDesignator: "DCM",
});

export type Relationship =
  | "CONTAINS"
  | "HAS ACQ CONTEXT"
  | "HAS CONCEPT MOD"
  | "HAS PROPERTIES"
  | "INFERRED FROM"
  | "SELECTED FROM";

/** A node of the tree; what hangs below it is in its ContentSequence. */
export interface ContentItem {
  readonly RelationshipType?: Relationship;
  readonly [attribute: string]: unknown;
}

const item = (
  ValueType: string,
  RelationshipType: Relationship | undefined,
  name: Code | undefined,
  value: Readonly<Record<string, unknown>>,
  children: readonly ContentItem[] = [],
): ContentItem => ({
  ...(RelationshipType ? { RelationshipType } : {}),
  ValueType,
  ...(name ? { ConceptNameCodeSequence: [name] } : {}),
  ...value,
  ...(children.length > 0 ? { ContentSequence: children } : {}),
});

export const container = (
  relationship: Relationship | undefined,
  name: Code,
  children: readonly ContentItem[],
) => item("CONTAINER", relationship, name, { ContinuityOfContent: "SEPARATE" }, children);

export const code = (
  relationship: Relationship,
  name: Code,
  value: Code,
  children?: readonly ContentItem[],
) => item("CODE", relationship, name, { ConceptCodeSequence: [value] }, children);

export const text = (relationship: Relationship, name: Code, TextValue: string) =>
  item("TEXT", relationship, name, { TextValue });

/** @param unit of UCUM. */
export const number = (relationship: Relationship, name: Code, value: string, unit: Code) =>
  item("NUM", relationship, name, {
    MeasuredValueSequence: [{ NumericValue: value, MeasurementUnitsCodeSequence: [unit] }],
  });

/** @param reference SOP class and instance, and for a frame of many its number. */
export const image = (
  relationship: Relationship,
  reference: Readonly<Record<string, unknown>>,
  children?: readonly ContentItem[],
) => item("IMAGE", relationship, undefined, { ReferencedSOPSequence: [reference] }, children);

/**
 * Points on an image.
 * @param points x, y, x, y, … from the image's upper left corner, in pixels.
 * @param place of the image in the tree, from the root's 1 down.
 */
export const coordinates = (
  relationship: Relationship,
  name: Code,
  GraphicType: "POINT" | "POLYLINE",
  points: readonly number[],
  place: readonly number[],
) =>
  item("SCOORD", relationship, name, { GraphicType, GraphicData: points }, [
    byReference("SELECTED FROM", place),
  ]);

/** Stands for an item elsewhere in the tree. */
export const byReference = (
  RelationshipType: Relationship,
  ReferencedContentItemIdentifier: readonly number[],
): ContentItem => ({ RelationshipType, ReferencedContentItemIdentifier });
