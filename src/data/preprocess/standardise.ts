const smallestDeviation = 1e-5;
/** In standard deviations below the breast's mean: the darkest that a picture with air becomes. */
const darkest = -4;

/**
 * To mean 0 and standard deviation 1 over the breast, so that the share of air on a picture changes nothing in the tissue.
 * In a breast of little contrast air lies far below anything that a network has to tell apart, so it is brought up to 4
 * deviations under the mean. A breast without contrast becomes 0.
 * @param threshold values above are breast; absent: the picture is all tissue.
 */
export function standardise(pixels: Float32Array, threshold?: number): Float32Array {
  const tissue = threshold === undefined ? pixels : pixels.filter((value) => value > threshold);
  const values = tissue.length > 0 ? tissue : pixels;
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / values.length), smallestDeviation);
  const floor = threshold === undefined ? Number.NEGATIVE_INFINITY : darkest;
  return pixels.map((value) => Math.max((value - mean) / deviation, floor));
}
