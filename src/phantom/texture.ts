// Random fields with a power-law spectrum: the model of mammographic texture (power spectrum ~ 1/f^3).
import FFT from "fft.js";
import type { RandomStream } from "../base/random.ts";

export interface FieldShape {
  /** Powers of two. */
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** Voxel sides in mm. */
  readonly spacing: number;
  readonly sliceThickness: number;
}

const plans = new Map<number, FFT>();
const amplitudes = new Map<string, Float32Array>();

function planOf(size: number): FFT {
  let plan = plans.get(size);
  if (!plan) plans.set(size, (plan = new FFT(size)));
  return plan;
}

/** Distances of the first half of the indices from the zero frequency, squared, in (cycles/mm)². */
const squaredFrequencies = (size: number, spacing: number): Float64Array =>
  Float64Array.from({ length: size / 2 + 1 }, (_, k) => (k / (size * spacing)) ** 2);

/**
 * The spectrum's amplitudes f^(−exponent/2), scaled to a field of variance 1, for the half of the indices on each axis
 * that the other half mirrors: [slices/2 + 1][rows/2 + 1][columns/2 + 1].
 */
function amplitudesOf(shape: FieldShape, exponent: number): Float32Array {
  const key = JSON.stringify([shape, exponent]);
  const known = amplitudes.get(key);
  if (known) return known;
  const z = squaredFrequencies(shape.slices, shape.sliceThickness);
  const y = squaredFrequencies(shape.rows, shape.spacing);
  const x = squaredFrequencies(shape.columns, shape.spacing);
  const amplitude = new Float32Array(z.length * y.length * x.length);
  const twins = (k: number, axis: Float64Array) => (k === 0 || k === axis.length - 1 ? 1 : 2);
  let power = 0;
  for (let index = 1; index < amplitude.length; index++) {
    const k = index % x.length;
    const row = Math.floor(index / x.length);
    const [j, i] = [row % y.length, Math.floor(row / y.length)];
    const value = (z[i] + y[j] + x[k]) ** (-exponent / 4);
    power += value * value * twins(i, z) * twins(j, y) * twins(k, x);
    amplitude[index] = value;
  }
  const scale = 1 / Math.sqrt(power);
  for (let index = 1; index < amplitude.length; index++) amplitude[index] *= scale;
  amplitudes.set(key, amplitude);
  return amplitude;
}

/** Lines moved to the scratch array together, so that a cache line fetched for one serves its neighbours. */
const lineBlock = 8;

/** Transforms every line of `size` elements `stride` apart, in place. */
function transformAxis(data: Float64Array, size: number, stride: number): void {
  const plan = planOf(size);
  const input = Array.from({ length: lineBlock }, () => new Float64Array(2 * size));
  const output = new Float64Array(2 * size);
  const block = Math.min(lineBlock, stride);
  const lines = data.length / 2 / size;
  for (let line = 0; line < lines; line += block) {
    const start = 2 * (Math.floor(line / stride) * stride * size + (line % stride));
    for (let k = 0, at = start; k < size; k++, at += 2 * stride)
      for (let b = 0; b < block; b++) {
        input[b][2 * k] = data[at + 2 * b];
        input[b][2 * k + 1] = data[at + 2 * b + 1];
      }
    for (let b = 0; b < block; b++) {
      plan.transform(output, input[b]);
      for (let k = 0, at = start + 2 * b; k < size; k++, at += 2 * stride) {
        data[at] = output[2 * k];
        data[at + 1] = output[2 * k + 1];
      }
    }
  }
}

/** Reused by each call, as it is the largest array of the simulation. */
let fields = new Float64Array(0);

/** White noise under the spectrum's amplitudes. Uniform rather than normal numbers: see `powerLawFields`. */
function fillSpectrum(
  spectrum: Float64Array,
  shape: FieldShape,
  amplitude: Float32Array,
  stream: RandomStream,
) {
  const { slices, rows, columns } = shape;
  const mirrored = (k: number, size: number) => Math.min(k, size - k);
  const places = Int32Array.from({ length: columns }, (_, k) => mirrored(k, columns));
  let index = 0;
  for (let i = 0; i < slices; i++)
    for (let j = 0; j < rows; j++) {
      const start = (mirrored(i, slices) * (rows / 2 + 1) + mirrored(j, rows)) * (columns / 2 + 1);
      for (let k = 0; k < columns; k++, index += 2) {
        const scale = amplitude[start + places[k]];
        spectrum[index] = scale * (stream.uniformAt(index) - 0.5);
        spectrum[index + 1] = scale * (stream.uniformAt(index + 1) - 0.5);
      }
    }
}

/**
 * Two independent periodic fields of zero mean and the given variance (over many fields) with power spectrum
 * ~ f^−exponent: the real and the imaginary part of the result, interleaved, [slice][row][column]. Valid until the next
 * call. The coefficients are uniform numbers (variance 1/12); their sums are normal to well below what a picture shows.
 */
export function powerLawFields(
  shape: FieldShape,
  exponent: number,
  variance: number,
  stream: RandomStream,
): Float64Array {
  const size = 2 * shape.slices * shape.rows * shape.columns;
  if (fields.length !== size) fields = new Float64Array(size);
  const amplitude = amplitudesOf(shape, exponent).map((value) => value * Math.sqrt(12 * variance));
  fillSpectrum(fields, shape, amplitude, stream);
  transformAxis(fields, shape.columns, 1);
  transformAxis(fields, shape.rows, shape.columns);
  transformAxis(fields, shape.slices, shape.rows * shape.columns);
  return fields;
}
