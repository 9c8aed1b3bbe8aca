import assert from "node:assert/strict";

export interface Tolerance {
  absolute: number;
  relative: number;
}

/** Fails, naming the worst element, unless |actual − expected| ≤ absolute + relative·|expected|. NaN always fails. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative }: Tolerance,
  name: string,
): void {
  assert.equal(actual.length, expected.length, `${name}: length`);
  let worst = { excess: Number.NEGATIVE_INFINITY, index: -1 };
  for (let index = 0; index < expected.length; index++) {
    const excess =
      Math.abs(actual[index] - expected[index]) - absolute - relative * Math.abs(expected[index]);
    if (!(excess <= worst.excess)) worst = { excess, index };
    if (Number.isNaN(excess)) break;
  }
  const { excess, index } = worst;
  assert.ok(
    index < 0 || excess <= 0,
    `${name}[${index}]: got ${actual[index]}, expected ${expected[index]} within ${absolute} + ${relative} relative`,
  );
}

/** ‖actual − expected‖ / ‖expected‖; NaN when anything is NaN. */
export function relativeNormError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < expected.length; index++) {
    difference += (actual[index] - expected[index]) ** 2;
    norm += expected[index] ** 2;
  }
  return Math.sqrt(difference) / Math.sqrt(norm);
}
