// Separable filters on planes. Beyond the edge the nearest pixel is repeated.
import type { Plane } from "./plane.ts";

/** Samples of a Gaussian out to three standard deviations, of sum 1. @param sigma in pixels. */
export function gaussianKernel(sigma: number): Float64Array {
  const reach = Math.max(Math.ceil(3 * sigma), 1);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    sigma > 0 ? Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)) : Number(i === reach),
  );
  const sum = kernel.reduce((a, b) => a + b);
  return kernel.map((value) => value / sum);
}

/** Correlates along y with a kernel of odd length. */
export function filterRows(plane: Plane, kernel: Float64Array): Plane {
  const { rows, columns, data } = plane;
  const out = new Float32Array(data.length);
  const reach = (kernel.length - 1) / 2;
  for (let row = 0; row < rows; row++)
    for (let k = -reach; k <= reach; k++) {
      const from = Math.min(Math.max(row + k, 0), rows - 1) * columns;
      const weight = kernel[k + reach];
      for (let column = 0, to = row * columns; column < columns; column++, to++)
        out[to] += weight * data[from + column];
    }
  return { ...plane, data: out };
}

/** Correlates along x with a kernel of odd length. */
export function filterColumns(plane: Plane, kernel: Float64Array): Plane {
  const { rows, columns, data } = plane;
  const out = new Float32Array(data.length);
  const reach = (kernel.length - 1) / 2;
  const padded = new Float32Array(columns + 2 * reach);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    padded.fill(data[start], 0, reach);
    padded.set(data.subarray(start, start + columns), reach);
    padded.fill(data[start + columns - 1], columns + reach);
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * padded[column + k];
      out[start + column] = sum;
    }
  }
  return { ...plane, data: out };
}

/** Replaces lines of `length` values `stride` apart by their running mean over 2·reach + 1 values. */
function runningMean(data: Float32Array, length: number, stride: number, reach: number): void {
  const line = new Float64Array(length + 2 * reach + 1);
  const lines = data.length / length;
  for (let index = 0; index < lines; index++) {
    const start = stride === 1 ? index * length : index;
    for (let i = 0; i < line.length; i++)
      line[i] = data[start + stride * Math.min(Math.max(i - reach, 0), length - 1)];
    let sum = 0;
    for (let i = 0; i < 2 * reach; i++) sum += line[i];
    for (let i = 0; i < length; i++) {
      sum += line[i + 2 * reach];
      data[start + stride * i] = sum / (2 * reach + 1);
      sum -= line[i];
    }
  }
}

/**
 * Blurs along both axes with a triangle, two running means in turn, at a cost that does not grow with its width.
 * @param sigma standard deviation in mm, met to the nearest width in whole pixels.
 */
export function smooth(plane: Plane, sigma: number): Plane {
  const data = plane.data.slice();
  const reachFor = (spacing: number) => Math.round((Math.sqrt(6 * (sigma / spacing) ** 2 + 1) - 1) / 2);
  for (let pass = 0; pass < 2; pass++) {
    runningMean(data, plane.columns, 1, reachFor(plane.columnSpacing));
    runningMean(data, plane.rows, plane.columns, reachFor(plane.rowSpacing));
  }
  return { ...plane, data };
}
