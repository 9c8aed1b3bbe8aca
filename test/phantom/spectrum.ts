import FFT from "fft.js";

/** Squared magnitudes of a square picture's two-dimensional Fourier transform under a Hann window. */
function powerOf(picture: Float32Array, size: number): Float64Array {
  const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
  const hann = Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / size));
  const plan = new FFT(size);
  const line = new Float64Array(2 * size);
  const rows = Array.from({ length: size }, (_, row) => {
    for (let i = 0; i < size; i++) {
      line[2 * i] = (picture[row * size + i] - mean) * hann[row] * hann[i];
      line[2 * i + 1] = 0;
    }
    const out = new Float64Array(2 * size);
    plan.transform(out, line);
    return out;
  });
  const power = new Float64Array(size * size);
  const out = new Float64Array(2 * size);
  for (let column = 0; column < size; column++) {
    rows.forEach((row, i) => {
      line[2 * i] = row[2 * column];
      line[2 * i + 1] = row[2 * column + 1];
    });
    plan.transform(out, line);
    for (let row = 0; row < size; row++)
      power[row * size + column] = out[2 * row] ** 2 + out[2 * row + 1] ** 2;
  }
  return power;
}

/**
 * The exponent of f^−exponent fitted to the radially averaged power of several pictures between two frequencies in
 * cycles/mm: the slope of log power against log frequency.
 */
export function powerLawExponent(
  pictures: readonly Float32Array[],
  size: number,
  spacing: number,
  [low, high]: readonly [number, number],
): number {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  for (const picture of pictures)
    powerOf(picture, size).forEach((value, index) => {
      const [row, column] = [Math.floor(index / size), index % size];
      const radius = Math.round(Math.hypot(Math.min(row, size - row), Math.min(column, size - column)));
      sums[radius] += value;
      counts[radius]++;
    });
  const points: [number, number][] = [];
  for (let k = 1; k < size / 2; k++) {
    const frequency = k / (size * spacing);
    if (frequency >= low && frequency <= high)
      points.push([Math.log(frequency), Math.log(sums[k] / counts[k])]);
  }
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return -covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
