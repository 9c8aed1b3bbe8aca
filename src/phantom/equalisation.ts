// Thickness equalisation: the compressed breast's rounded edge is filled up to the thickness between the paddles, in
// the mammogram for presentation, and in each view of tomosynthesis so that filters meet no cliff at the skin.
import { smooth } from "./filters.ts";
import { attenuation } from "./materials.ts";
import type { Plane } from "./volume.ts";

/** Below this line integral there is no breast: 6 mm of fat. */
const airLimit = 0.3;
/** Width in mm of the blur that thickness is judged on, and the share of a lack that is filled up. */
const judgedOver = 1.5;
const filledShare = 1;

/** 1 where the line integral is that of breast, 0 in air. */
export const breastMask = (plane: Plane): Float32Array => plane.data.map((value) => Number(value > airLimit));

/**
 * Fills up where the blurred line integral, averaged over the breast alone, falls below that of fat as thick as the
 * paddles are apart; air becomes such fat. A picture without air is left as it is.
 * @param thickness between the paddles, mm.
 */
export function equaliseThickness(plane: Plane, thickness: number): Plane {
  const inBreast = breastMask(plane);
  if (!inBreast.includes(0)) return plane;
  const masked = smooth({ ...plane, data: plane.data.map((v, i) => v * inBreast[i]) }, judgedOver);
  const share = smooth({ ...plane, data: inBreast }, judgedOver);
  const full = attenuation.adipose * thickness;
  const data = plane.data.map((value, i) => {
    if (!inBreast[i]) return full;
    return value + filledShare * Math.max(full - masked.data[i] / share.data[i], 0);
  });
  return { ...plane, data };
}
