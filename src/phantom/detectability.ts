// How visible a lesion is in a picture: the detectability index d′ of a channelized Hotelling observer that knows where
// to look and for what, against the noise and anatomy of that same picture without the lesion.
import { solveSymmetric } from "../base/linearAlgebra.ts";
import { filterColumns, filterRows, gaussianKernel } from "./filters.ts";
import type { Plane } from "./plane.ts";

/** Rows [top, bottom) and columns [left, right) of a picture. */
interface Window {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Blurs of the signal that serve as the observer's channels, as multiples of the signal's radius; 0 is the signal itself. */
const channelBlurs = [0, 0.125, 0.25, 0.5];
/** Room about the signal for the widest blur, in radii. */
const border = 1;
/** Below this share of the signal's peak a pixel is not part of it. */
const signalEdge = 0.05;
/** Positions along each axis that the background is sampled at, and how many must be inside the breast. */
const positions = 16;
const fewestPositions = 30;

/** The smallest window about what exceeds the edge in `plane` near the middle of `search`, or nothing. */
function windowOf({ rows, columns, data }: Plane, search: Window): Window | undefined {
  const clip = (value: number, end: number) => Math.min(Math.max(Math.round(value), 0), end);
  const [top, bottom] = [clip(search.top, rows), clip(search.bottom, rows)];
  const [left, right] = [clip(search.left, columns), clip(search.right, columns)];
  let peak = 0;
  const each = (visit: (value: number, row: number, column: number) => void) => {
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++)
        visit(Math.abs(data[row * columns + column]), row, column);
  };
  each((value) => {
    peak = Math.max(peak, value);
  });
  if (peak === 0) return undefined;
  const found = { top: rows, left: columns, bottom: 0, right: 0 };
  each((value, row, column) => {
    if (value < signalEdge * peak) return;
    found.top = Math.min(found.top, row);
    found.bottom = Math.max(found.bottom, row + 1);
    found.left = Math.min(found.left, column);
    found.right = Math.max(found.right, column + 1);
  });
  return found;
}

/** The signal within its window, with a border of zeros wide enough for the channels' blurs. */
function cutSignal({ columns, data }: Plane, { top, left, bottom, right }: Window, room: number): Plane {
  const [height, width] = [bottom - top + 2 * room, right - left + 2 * room];
  const cut = new Float32Array(height * width);
  for (let row = top; row < bottom; row++)
    cut.set(data.subarray(row * columns + left, row * columns + right), (row - top + room) * width + room);
  return { rows: height, columns: width, rowSpacing: 1, columnSpacing: 1, data: cut };
}

function channelsOf(signal: Plane, radius: number): Float32Array[] {
  return channelBlurs.map((blur) => {
    const kernel = gaussianKernel(blur * radius);
    return filterColumns(filterRows(signal, kernel), kernel).data;
  });
}

/** Sum of a channel's products with the picture under it. */
function response(channel: Float32Array, width: number, picture: Plane, top: number, left: number): number {
  let sum = 0;
  for (let at = 0, start = top * picture.columns + left; at < channel.length; start += picture.columns)
    for (let column = 0; column < width; column++, at++) sum += channel[at] * picture.data[start + column];
  return sum;
}

/** Covariance of the rows of `samples`, with a millionth of each variance added for rank. */
function covariance(samples: readonly (readonly number[])[]): Float64Array {
  const size = samples[0].length;
  const mean = (pick: (sample: readonly number[]) => number) =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const means = Array.from({ length: size }, (_, c) => mean((sample) => sample[c]));
  const scale = samples.length / (samples.length - 1);
  return Float64Array.from({ length: size * size }, (_, index) => {
    const [a, b] = [Math.floor(index / size), index % size];
    const value = mean((sample) => (sample[a] - means[a]) * (sample[b] - means[b]));
    return value * scale * (a === b ? 1 + 1e-6 : 1);
  });
}

/**
 * d′ of one lesion in one picture: √(sᵀ·K⁻¹·s), where s is the response of the observer's channels to the lesion and K their
 * covariance over the picture without it. The channels are the lesion's own shadow and three blurs of it, so that their
 * differences pass over the anatomy's low frequencies (a channelized Hotelling observer with
 * convolutional channels: Diaz et al., IEEE Transactions on Medical Imaging 34(7), 2015).
 * @param withLesion the picture, of the same noise as `without`.
 * @param inBreast 1 where the picture shows breast.
 * @param search where the lesion's shadow is, in pixels, generously: [top, left, bottom, right].
 * @returns undefined when the lesion leaves no shadow there or the breast has too little room to measure against.
 */
export function detectability(
  withLesion: Plane,
  without: Plane,
  inBreast: Float32Array,
  search: readonly [top: number, left: number, bottom: number, right: number],
): number | undefined {
  const difference = { ...without, data: withLesion.data.map((value, i) => value - without.data[i]) };
  const [top, left, bottom, right] = search;
  const window = windowOf(difference, { top, left, bottom, right });
  if (!window) return undefined;
  const radius = Math.hypot(window.bottom - window.top, window.right - window.left) / (2 * Math.SQRT2);
  const signal = cutSignal(difference, window, Math.ceil(border * radius));
  const channels = channelsOf(signal, radius);
  const samples = sampleBackground(channels, signal, without, inBreast);
  if (samples.length < fewestPositions) return undefined;
  const means = channels.map((channel) => channel.reduce((sum, value, i) => sum + value * signal.data[i], 0));
  const weights = solveSymmetric(covariance(samples), Float64Array.from(means), means.length);
  return Math.sqrt(weights.reduce((sum, weight, c) => sum + weight * means[c], 0));
}

/** The channels' responses at a grid of positions where breast, and only breast, lies under the signal. */
function sampleBackground(
  channels: readonly Float32Array[],
  { rows, columns }: Plane,
  background: Plane,
  inBreast: Float32Array,
): number[][] {
  const air = { ...background, data: inBreast.map((value) => 1 - value) };
  const even = new Float32Array(rows * columns).fill(1);
  const places = (room: number) =>
    Array.from({ length: Math.min(positions, room + 1) }, (_, i, n = Math.min(positions, room + 1)) =>
      n > 1 ? Math.round((i * room) / (n - 1)) : 0,
    );
  const samples: number[][] = [];
  for (const top of places(background.rows - rows))
    for (const left of places(background.columns - columns))
      if (response(even, columns, air, top, left) === 0)
        samples.push(channels.map((channel) => response(channel, columns, background, top, left)));
  return samples;
}
