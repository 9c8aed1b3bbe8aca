// Separable resampling: an output row or column is a weighted sum of a few neighbouring input rows or columns.

/** How the positions along one axis of the output read the input: `taps` weights from `starts` on. */
export interface Axis {
  readonly taps: number;
  readonly starts: Int32Array;
  /** [output position, tap]; the weights of a position sum to 1. */
  readonly weights: Float64Array;
}

/**
 * Each output pixel averages the stretch of input that it covers, from `first` on and `stretch` ≥ 1 long. What of it lies
 * outside the input does not count; a pixel that is outside altogether takes the nearest one inside.
 */
function areaAxis(from: number, to: number, first: number, stretch: number): Axis {
  const taps = Math.min(from, Math.ceil(stretch) + 1);
  const starts = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (let position = 0; position < to; position++) {
    const low = Math.min(Math.max(first + position * stretch, 0), from - 1);
    const high = Math.max(Math.min(first + (position + 1) * stretch, from), low + 1e-6);
    const start = (starts[position] = Math.min(Math.floor(low), from - taps));
    for (let tap = 0; tap < taps; tap++) {
      const overlap = Math.min(start + tap + 1, high) - Math.max(start + tap, low);
      weights[position * taps + tap] = Math.max(overlap, 0) / (high - low);
    }
  }
  return { taps, starts, weights };
}

/**
 * Linear interpolation at `centres`, in pixels of an axis of `from` pixels whose first has its centre at 0.5.
 * Beyond the outermost centres their pixels are repeated.
 */
export function linearAxis(from: number, centres: Float64Array): Axis {
  const taps = Math.min(from, 2);
  const starts = new Int32Array(centres.length);
  const weights = new Float64Array(centres.length * taps);
  centres.forEach((centre, position) => {
    const start = Math.min(Math.max(Math.floor(centre - 0.5), 0), from - taps);
    const fraction = Math.min(Math.max(centre - 0.5 - start, 0), taps - 1);
    starts[position] = start;
    weights[position * taps] = 1 - fraction;
    if (taps === 2) weights[position * taps + 1] = fraction;
  });
  return { taps, starts, weights };
}

/** From an axis of `from` pixels to one of `to`: area average when it shrinks, linear when it grows. */
export const resizeAxis = (from: number, to: number): Axis => windowAxis(from, to, to / from, 0);

/**
 * From an axis of `from` pixels to one of `to` on which position p of the first lies at scale · p + offset: area average
 * when it shrinks, linear when it grows. Outside the input its edge is repeated.
 */
export function windowAxis(from: number, to: number, scale: number, offset: number): Axis {
  if (scale < 1) return areaAxis(from, to, -offset / scale, 1 / scale);
  return linearAxis(
    from,
    Float64Array.from({ length: to }, (_, position) => (position + 0.5 - offset) / scale),
  );
}

/** @param pixels row-major with rows of `width`; @returns rows of `columns.starts.length`, row-major. */
export function resample(
  pixels: Uint16Array | Float32Array,
  width: number,
  rows: Axis,
  columns: Axis,
): Float32Array {
  const height = pixels.length / width;
  const newWidth = columns.starts.length;
  const narrowed = new Float32Array(height * newWidth);
  for (let row = 0; row < height; row++)
    for (let position = 0; position < newWidth; position++) {
      const start = row * width + columns.starts[position];
      let sum = 0;
      for (let tap = 0; tap < columns.taps; tap++)
        sum += columns.weights[position * columns.taps + tap] * pixels[start + tap];
      narrowed[row * newWidth + position] = sum;
    }
  return combineRows(narrowed, newWidth, rows);
}

function combineRows(pixels: Float32Array, width: number, rows: Axis): Float32Array {
  const result = new Float32Array(rows.starts.length * width);
  const sums = new Float64Array(width);
  for (let position = 0; position < rows.starts.length; position++) {
    sums.fill(0);
    for (let tap = 0; tap < rows.taps; tap++) {
      const weight = rows.weights[position * rows.taps + tap];
      const start = (rows.starts[position] + tap) * width;
      for (let column = 0; column < width; column++) sums[column] += weight * pixels[start + column];
    }
    result.set(sums, position * width);
  }
  return result;
}
