// From line integrals to a picture "for presentation": dense is bright, air is black, the breast fills the range.
import { smooth } from "./filters.ts";
import type { Plane } from "./plane.ts";

/** Stored bits of a presented image. */
export const presentedBits = 14;

/** What is bright is judged away from the skin: where a blur over so many mm meets no air. */
const edgeWidth = 4;
/** Room below the darkest and above the brightest of the breast, as a share of what lies between them. */
const [roomBelow, roomAbove] = [0.1, 0.5];

function quantile(values: Float32Array, share: number): number {
  return values.sort()[Math.round(share * (values.length - 1))];
}

/**
 * @param plane line integrals, thickness equalised.
 * @param inBreast 1 where there is breast, 0 in air.
 * @returns row-major values of `presentedBits` bits; air is 0, breast is not.
 */
export function present(plane: Plane, inBreast: Float32Array): Uint16Array {
  const { data } = plane;
  const share = smooth({ ...plane, data: inBreast }, edgeWidth).data;
  const dark = quantile(
    data.filter((_, i) => inBreast[i]),
    0.02,
  );
  const bright = quantile(
    data.filter((_, i) => share[i] > 0.99),
    0.99,
  );
  const low = dark - roomBelow * (bright - dark);
  const high = bright + roomAbove * (bright - dark);
  const top = 2 ** presentedBits - 1;
  return Uint16Array.from(data, (value, i) => {
    if (!inBreast[i]) return 0;
    return Math.min(Math.max(Math.round((top * (value - low)) / (high - low)), 1), top);
  });
}
