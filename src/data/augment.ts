// Random variants of a prepared pair. The geometry is drawn once a pair, so that both images and their boxes stay
// registered; the intensities are drawn an image, because the two are exposed and processed separately.
import { type Box, boxArea } from "../base/boxes.ts";
import { RandomStream } from "../base/random.ts";
import { affineOf, resampleAffine, transformBox } from "./affine.ts";
import type { PreparedPair } from "./preprocess.ts";

type Range = readonly [low: number, high: number];

export interface AugmentOptions {
  /** Probability of a horizontal flip. */
  readonly flip: number;
  /** Largest shift along either axis, as a fraction of that side. */
  readonly shift: number;
  /** Range of the magnification about the centre. */
  readonly scale: Range;
  /** Range of the factor on the standardised intensities. */
  readonly gain: Range;
  /** Range of what is added to them, in standard deviations. */
  readonly offset: Range;
  /** Largest rotation about the centre either way, degrees; default 0. */
  readonly rotation?: number;
  /** Largest slant of the columns either way, degrees; default 0. */
  readonly shear?: number;
  /** Range of the exponent on intensities between an image's darkest (0) and brightest (1); default [1, 1]. */
  readonly gamma?: Range;
  /** Largest standard deviation of white noise, in the image's own; default 0. */
  readonly noise?: number;
  /** Side of a square that is blanked in both images, as a fraction of the shorter side; default 0. */
  readonly cutout?: number;
}

interface Intensity {
  readonly gain: number;
  readonly offset: number;
  /** Default 1. */
  readonly gamma?: number;
  /** Standard deviation and what the noise is drawn from; default none. */
  readonly noise?: { readonly deviation: number; readonly seed: number };
}

/** One draw: flipped first, then slanted, turned and magnified about the centre, then shifted by fractions of the sides. */
export interface Augmentation {
  readonly flip: boolean;
  readonly scale: number;
  readonly shiftY: number;
  readonly shiftX: number;
  readonly ffdm: Intensity;
  readonly sm: Intensity;
  /** Degrees, counter-clockwise; default 0. */
  readonly rotation?: number;
  /** Degrees; default 0. */
  readonly shear?: number;
  /** A square's side as a fraction of the shorter side, and its place between the edges, 0 to 1; default none. */
  readonly cutout?: { readonly side: number; readonly y: number; readonly x: number };
}

/** Draws the same counters whatever the ranges, so that switching one off leaves the others as they were. */
export function drawAugmentation(options: AugmentOptions, stream: RandomStream): Augmentation {
  const { rotation = 0, shear = 0, gamma = [1, 1], noise = 0, cutout = 0 } = options;
  const linear = () => ({
    gain: stream.nextUniform(...options.gain),
    offset: stream.nextUniform(...options.offset),
  });
  const geometry = {
    flip: stream.nextUniform() < options.flip,
    scale: stream.nextUniform(...options.scale),
    shiftY: stream.nextUniform(-options.shift, options.shift),
    shiftX: stream.nextUniform(-options.shift, options.shift),
  };
  const [ffdm, sm] = [linear(), linear()];
  const affine = {
    rotation: stream.nextUniform(-rotation, rotation),
    shear: stream.nextUniform(-shear, shear),
  };
  const rest = () => ({
    gamma: stream.nextUniform(...gamma),
    noise: { deviation: stream.nextUniform(0, noise), seed: stream.nextInteger(2 ** 24) },
  });
  return {
    ...geometry,
    ...affine,
    ffdm: { ...ffdm, ...rest() },
    sm: { ...sm, ...rest() },
    cutout: { side: cutout, y: stream.nextUniform(), x: stream.nextUniform() },
  };
}

/**
 * Boxes are clipped to the image. A lesion of which either image loses more than half, outside or under the cutout, is
 * dropped from both, with its class, so that the lists stay aligned. What moves in from outside repeats the image's edge,
 * which invents no second lesion as a reflection might.
 */
export function augmentPair(
  pair: PreparedPair,
  height: number,
  width: number,
  augmentation: Augmentation,
): PreparedPair {
  const affine = affineOf(augmentation, height, width);
  const hole = holeOf(augmentation, height, width);
  const transform = (boxes: readonly Box[]) =>
    boxes.map((box) => visiblePart(transformBox(box, affine), height, width, hole));
  const [ffdm, sm] = [transform(pair.ffdmBoxes), transform(pair.smBoxes)];
  const kept = [...pair.classes.keys()].filter((index) => ffdm[index].visible && sm[index].visible);
  const change = (pixels: Float32Array, intensity: Intensity) =>
    blank(changeIntensity(resampleAffine(pixels, height, width, affine), intensity), width, hole);
  return {
    ffdm: change(pair.ffdm, augmentation.ffdm),
    sm: change(pair.sm, augmentation.sm),
    ffdmBoxes: kept.map((index) => ffdm[index].box),
    smBoxes: kept.map((index) => sm[index].box),
    classes: kept.map((index) => pair.classes[index]),
  };
}

function changeIntensity(pixels: Float32Array, { gain, offset, gamma = 1, noise }: Intensity): Float32Array {
  let changed = pixels;
  if (gamma !== 1) {
    const low = pixels.reduce((least, value) => Math.min(least, value));
    const range = pixels.reduce((most, value) => Math.max(most, value)) - low;
    if (range > 0) changed = pixels.map((value) => low + range * ((value - low) / range) ** gamma);
  }
  if (!noise || noise.deviation === 0) return changed.map((value) => value * gain + offset);
  const stream = new RandomStream(noise.seed, "augment/noise");
  return changed.map((value, index) => value * gain + offset + noise.deviation * stream.normalAt(index));
}

function holeOf({ cutout }: Augmentation, height: number, width: number): Box | undefined {
  const side = Math.round((cutout?.side ?? 0) * Math.min(height, width));
  if (!cutout || side === 0) return undefined;
  const [top, left] = [Math.round(cutout.y * (height - side)), Math.round(cutout.x * (width - side))];
  return [top, left, top + side, left + side];
}

/** Gives a hole the mean of a standardised image, 0. */
function blank(pixels: Float32Array, width: number, hole: Box | undefined): Float32Array {
  if (hole) for (let y = hole[0]; y < hole[2]; y++) pixels.fill(0, y * width + hole[1], y * width + hole[3]);
  return pixels;
}

const overlap = (a: Box, b: Box): Box => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
];

function visiblePart(
  whole: Box,
  height: number,
  width: number,
  hole: Box | undefined,
): { box: Box; visible: boolean } {
  const box = overlap(whole, [0, 0, height, width]);
  const hidden = hole ? boxArea(overlap(box, hole)) : 0;
  return { box, visible: boxArea(box) - hidden >= boxArea(whole) / 2 };
}
