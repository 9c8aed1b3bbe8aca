// The radially averaged power spectrum of pictures, of a size where the plain transform is fast enough.

/** Cosines and sines of the transform of `size` samples: [frequencies][samples]. */
function waves(size: number): { cos: Float64Array; sin: Float64Array } {
  const angle = (index: number) =>
    (2 * Math.PI * ((Math.floor(index / size) * (index % size)) % size)) / size;
  return {
    cos: Float64Array.from({ length: size * size }, (_, index) => Math.cos(angle(index))),
    sin: Float64Array.from({ length: size * size }, (_, index) => Math.sin(angle(index))),
  };
}

/** Squared magnitudes of the two-dimensional Fourier transform of a size × size picture under a Hann window. */
function power(picture: ArrayLike<number>, size: number): Float64Array {
  const { cos, sin } = waves(size);
  const hann = Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / size));
  let mean = 0;
  for (let i = 0; i < size * size; i++) mean += picture[i] / (size * size);
  const [real, imaginary] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (let row = 0; row < size; row++)
    for (let f = 0; f < size; f++)
      for (let i = 0; i < size; i++) {
        const value = (picture[row * size + i] - mean) * hann[row] * hann[i];
        real[row * size + f] += value * cos[f * size + i];
        imaginary[row * size + f] -= value * sin[f * size + i];
      }
  const squares = new Float64Array(size * size);
  for (let column = 0; column < size; column++)
    for (let f = 0; f < size; f++) {
      let [a, b] = [0, 0];
      for (let i = 0; i < size; i++) {
        const [re, im] = [real[i * size + column], imaginary[i * size + column]];
        const [c, s] = [cos[f * size + i], sin[f * size + i]];
        a += re * c + im * s;
        b += im * c - re * s;
      }
      squares[f * size + column] = a * a + b * b;
    }
  return squares;
}

/**
 * Mean power over pictures and directions, the pictures' own variance taken out, so that contrast does not weigh.
 * @param pictures each size × size.
 * @param spacing side of a pixel, mm.
 * @returns [cycles per mm, power] from the lowest frequency to the highest that all directions have.
 */
export function radialSpectrum(
  pictures: readonly ArrayLike<number>[],
  size: number,
  spacing: number,
): [frequency: number, power: number][] {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  for (const picture of pictures) {
    const squares = power(picture, size);
    const total = squares.reduce((sum, value) => sum + value, 0);
    if (total === 0) continue;
    squares.forEach((value, index) => {
      const [row, column] = [Math.floor(index / size), index % size];
      const radius = Math.round(Math.hypot(Math.min(row, size - row), Math.min(column, size - column)));
      sums[radius] += value / total;
      counts[radius]++;
    });
  }
  return Array.from({ length: size / 2 - 1 }, (_, k) => [
    (k + 1) / (size * spacing),
    sums[k + 1] / counts[k + 1],
  ]);
}
