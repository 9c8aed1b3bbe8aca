// Filters along a line of pixels, as the taps of a correlation.

/** The taps whose frequency response is nearest to `response`, a function of cycles per pixel from 0 to 1/2. */
function tapsOf(response: (frequency: number) => number, reach: number): Float64Array {
  const steps = 1024;
  const samples = Float64Array.from({ length: steps }, (_, i) => response((i + 0.5) / (2 * steps)));
  return Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    samples.reduce(
      (sum, value, i) => sum + (value * Math.cos((Math.PI * (k - reach) * (i + 0.5)) / steps)) / steps,
      0,
    ),
  );
}

/** What symmetric taps make of a wave's amplitude. @param frequency in cycles per pixel. */
export function responseOf(taps: Float32Array, frequency: number): number {
  const middle = (taps.length - 1) / 2;
  return taps.reduce((sum, tap, i) => sum + tap * Math.cos(2 * Math.PI * frequency * (i - middle)), 0);
}

const sumOf = (taps: Float64Array): number => taps.reduce((sum, tap) => sum + tap, 0);

/**
 * A Gaussian of sum 1, by its frequency response, as samples of a narrow one would not have its width; such taps may be
 * a little below 0. @param sigma in pixels.
 */
export function gaussianTaps(sigma: number): Float32Array {
  const taps = tapsOf((f) => Math.exp(-2 * (Math.PI * sigma * f) ** 2), Math.max(3, Math.ceil(3.5 * sigma)));
  const sum = sumOf(taps);
  return Float32Array.from(taps, (tap) => tap / sum);
}

export interface RampOptions {
  /** Of a pixel in the middle of the breast along the travel, mm. */
  readonly spacing: number;
  /** Of the breast, mm. */
  readonly thickness: number;
  /** Angle from the first view to the last, radians. */
  readonly span: number;
  /** Cycles per mm along the travel where the apodisation is down to a half. */
  readonly cutoff: number;
  /** mm of depth that a slice stands for. */
  readonly sliceThickness: number;
}

/** A Hann window that is a half at `half`. */
const hann = (frequency: number, half: number): number =>
  frequency < 2 * half ? 0.5 + 0.5 * Math.cos((Math.PI * frequency) / (2 * half)) : 0;

/**
 * A view's filter along the travel. Views over an angle Θ tell heights apart at frequencies above 1/(T·Θ) in a breast of
 * thickness T. There it is the ramp T·Θ·f of filtered back-projection; below, where all heights look alike, it is 1, so that
 * the slices' mean is the breast's: √(1 + (T·Θ·f)²). Two windows bound it (Mertelmeier et al., SPIE 6142, 2006): one over f,
 * no wider than the pixels, and one over the frequency f·tan(angle) in depth, so that slices of the given thickness miss
 * nothing between them. The taps fade out towards their ends; their sum is 1.
 * @param tangent of the view's angle.
 */
export function rampTaps(options: RampOptions, tangent: number, reach: number): Float32Array {
  const { spacing, thickness, span, cutoff, sliceThickness } = options;
  const half = Math.min(cutoff, 1 / (4 * spacing));
  const response = (cyclesPerPixel: number): number => {
    const f = cyclesPerPixel / spacing;
    const windows = hann(f, half) * hann(f * Math.abs(tangent), 1 / (2 * sliceThickness));
    return Math.hypot(1, thickness * span * f) * windows;
  };
  const fade = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, k) => 0.5 + 0.5 * Math.cos((Math.PI * (k - reach)) / (reach + 1)),
  );
  const taps = tapsOf(response, reach).map((tap, k) => tap * fade[k]);
  const missing = (1 - sumOf(taps)) / sumOf(fade);
  return Float32Array.from(taps, (tap, k) => tap + missing * fade[k]);
}
