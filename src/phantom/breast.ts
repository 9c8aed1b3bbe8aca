// The compressed breast: how thick, how dense, and of what outline.
import type { BreastShape } from "../../kernels/breastTissue.ts";
import type { RandomStream } from "../base/random.ts";

/**
 * The VICTRE trial's four density classes (VICTRE_PIPELINE, Victre/Constants.py): compressed thickness and breast height in mm,
 * and the standard normal's quantile above which their share of gland lies: 5, 15, 34 and 60 per cent.
 */
export const densityClasses = {
  fatty: { thickness: 60, height: 109.9, glandAbove: 1.645 },
  scattered: { thickness: 55, height: 108.4, glandAbove: 1.036 },
  heterogeneous: { thickness: 45, height: 89.7, glandAbove: 0.412 },
  dense: { thickness: 35, height: 71.7, glandAbove: -0.253 },
} as const;
export type DensityClass = keyof typeof densityClasses;

/** What the picture shows: a region within a breast, or all of it. */
export const coverages = ["region", "breast"] as const;
export type Coverage = (typeof coverages)[number];

/** An outline so far off that a region lies in the midst of tissue. */
const nowhere = { chest: 0, depth: 1e3, half: 1e4, middle: 0 };
/** Depth of the ellipse that stands for the outline near the nipple, mm. */
const outlineDepth = 60;

type Outline = Pick<BreastShape, "chest" | "depth" | "half" | "middle">;

/** Half of the regions reach the outline, with the nipple somewhere near their right edge. */
function regionOutline(width: number, height: number, stream: RandomStream): Outline {
  if (stream.nextUniform() < 0.5) return nowhere;
  const apex = width * stream.nextUniform(0.75, 1.05);
  const middle = height * stream.nextUniform(0.2, 0.8);
  const radius = stream.nextUniform(40, 80);
  return { chest: apex - outlineDepth, depth: outlineDepth, half: Math.sqrt(radius * outlineDepth), middle };
}

/** A whole breast at the chest wall, in the middle of the picture, as large as its class and the picture allow. */
function wholeOutline(width: number, height: number, density: DensityClass, stream: RandomStream): Outline {
  const size = densityClasses[density].height * stream.nextUniform(0.9, 1.1);
  return {
    chest: 0,
    depth: Math.min(0.7 * size, 0.95 * width),
    half: Math.min(size / 2, 0.48 * height),
    middle: height / 2,
  };
}

/** A breast of a class in a picture of width × height mm. */
export function drawBreast(
  coverage: Coverage,
  density: DensityClass,
  [width, height]: readonly [number, number],
  stream: RandomStream,
): BreastShape {
  const { thickness, glandAbove } = densityClasses[density];
  const outline =
    coverage === "region"
      ? regionOutline(width, height, stream)
      : wholeOutline(width, height, density, stream);
  return { thickness, glandAbove, ...outline };
}
