// What is known about one image when detections are judged, and when a detection matches an annotation.
import { type Annotation, type Detection, intersectionOverUnion } from "../base/boxes.ts";

export interface ImageResult {
  /** Whose image it is: the unit of the bootstrap. */
  readonly patient: string;
  readonly annotations: readonly Annotation[];
  readonly detections: readonly Detection[];
}

/** When a detection matches an annotation of its class. */
export interface MatchRule {
  /** As tables and files print it. */
  readonly name: string;
  /** How well the detection fits the annotation, larger is better; −Infinity when it does not match it. */
  readonly fit: (detection: Detection, annotation: Annotation) => number;
}

/**
 * Matches when the intersection over union reaches the threshold; with 1 − 10⁻¹⁰ in place of a threshold of 1, so
 * that rounding does not part a box from itself (COCO's rule).
 */
export function iouRule(threshold: number): MatchRule {
  const least = Math.min(threshold, 1 - 1e-10);
  return {
    name: `IoU >= ${threshold}`,
    fit(detection, annotation) {
      const overlap = intersectionOverUnion(detection.box, annotation.box);
      return overlap >= least ? overlap : Number.NEGATIVE_INFINITY;
    },
  };
}

/**
 * Matches when the centres are within half the annotation's diagonal, or within so many pixels where that is more: the DBTex
 * challenge's rule, with 100 pixels of tomosynthesis (mazurowski-lab/duke-dbt-data). The nearest fits best.
 */
export function dbtexRule(pixels: number): MatchRule {
  return {
    name: `centre within half the diagonal or ${pixels} pixels`,
    fit({ box: [top, left, bottom, right] }, { box: [yMin, xMin, yMax, xMax] }) {
      const distance = Math.hypot((top + bottom - yMin - yMax) / 2, (left + right - xMin - xMax) / 2);
      const reach = Math.max(Math.hypot(yMax - yMin, xMax - xMin) / 2, pixels);
      return distance <= reach ? -distance : Number.NEGATIVE_INFINITY;
    },
  };
}

/** "iou 0.1" or "dbtex 100". */
export const matchRulePattern = /^(iou|dbtex) (\d+(?:\.\d+)?)$/;

/** A rule by its name. @throws Error when there is none. */
export function matchRule(name: string): MatchRule {
  const [, kind, value] = matchRulePattern.exec(name) ?? [];
  if (!kind) throw new Error(`no match rule "${name}"`);
  return kind === "iou" ? iouRule(Number(value)) : dbtexRule(Number(value));
}

/** The score of a whole image: its best detection's, of any class; 0 without one. */
export const imageScore = ({ detections }: ImageResult): number =>
  detections.reduce((best, { score }) => Math.max(best, score), 0);

/** Whether the image shows a lesion of any class. */
export const hasLesion = ({ annotations }: ImageResult): boolean => annotations.length > 0;
