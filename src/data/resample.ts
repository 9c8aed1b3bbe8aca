// Separable resampling: an output row or column is a weighted sum of a few neighbouring input rows or columns.

/** How the positions along one axis of the output read the input: `taps` weights from `starts` on. */
export interface Axis {
  readonly taps: number;
  readonly starts: Int32Array;
  /** [output position, tap]; the weights of a position sum to 1. */
  readonly weights: Float64Array;
}

/** Each output pixel averages the stretch of input that it covers; `to` must not exceed `from`. */
function areaAxis(from: number, to: number): Axis {
  const scale = from / to;
  const taps = Math.min(from, Math.ceil(scale) + 1);
  const starts = new Int32Array(to);
  const weights = new Float64Array(to * taps);
  for (let position = 0; position < to; position++) {
    const low = position * scale;
    const start = (starts[position] = Math.min(Math.floor(low), from - taps));
    for (let tap = 0; tap < taps; tap++) {
      const overlap = Math.min(start + tap + 1, low + scale) - Math.max(start + tap, low);
      weights[position * taps + tap] = Math.max(overlap, 0) / scale;
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
export function resizeAxis(from: number, to: number): Axis {
  if (to < from) return areaAxis(from, to);
  return linearAxis(
    from,
    Float64Array.from({ length: to }, (_, position) => ((position + 0.5) * from) / to),
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
