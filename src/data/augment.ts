// Random variants of a prepared pair. The geometry is drawn once a pair, so that both images and their boxes stay
// registered; the intensities are drawn an image, because the two are exposed and processed separately.
import { type Box, boxArea } from "../base/boxes.ts";
import type { RandomStream } from "../base/random.ts";
import type { PreparedPair } from "./preprocess.ts";
import { linearAxis, resample } from "./resample.ts";

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
}

interface Intensity {
  readonly gain: number;
  readonly offset: number;
}

/** One draw: flipped first, then magnified about the centre, then shifted by fractions of the sides. */
export interface Augmentation {
  readonly flip: boolean;
  readonly scale: number;
  readonly shiftY: number;
  readonly shiftX: number;
  readonly ffdm: Intensity;
  readonly sm: Intensity;
}

/** Draws the same counters whatever the ranges, so that switching one off leaves the others as they were. */
export function drawAugmentation(options: AugmentOptions, stream: RandomStream): Augmentation {
  const intensity = (): Intensity => ({
    gain: stream.nextUniform(...options.gain),
    offset: stream.nextUniform(...options.offset),
  });
  return {
    flip: stream.nextUniform() < options.flip,
    scale: stream.nextUniform(...options.scale),
    shiftY: stream.nextUniform(-options.shift, options.shift),
    shiftX: stream.nextUniform(-options.shift, options.shift),
    ffdm: intensity(),
    sm: intensity(),
  };
}

/**
 * Boxes are clipped to the image. A lesion that loses more than half of its area in either image is dropped from
 * both, with its class, so that the lists stay aligned. What moves in from outside repeats the image's edge, which
 * invents no second lesion as a reflection might.
 */
export function augmentPair(
  pair: PreparedPair,
  height: number,
  width: number,
  augmentation: Augmentation,
): PreparedPair {
  const transform = (boxes: readonly Box[]) =>
    boxes.map((box) => transformBox(box, height, width, augmentation));
  const [ffdm, sm] = [transform(pair.ffdmBoxes), transform(pair.smBoxes)];
  const kept = [...pair.classes.keys()].filter((index) => ffdm[index].visible && sm[index].visible);
  return {
    ffdm: transformImage(pair.ffdm, height, width, augmentation, augmentation.ffdm),
    sm: transformImage(pair.sm, height, width, augmentation, augmentation.sm),
    ffdmBoxes: kept.map((index) => ffdm[index].box),
    smBoxes: kept.map((index) => sm[index].box),
    classes: kept.map((index) => pair.classes[index]),
  };
}

function transformImage(
  pixels: Float32Array,
  height: number,
  width: number,
  { flip, scale, shiftY, shiftX }: Augmentation,
  { gain, offset }: Intensity,
): Float32Array {
  const origins = (extent: number, shift: number) =>
    Float64Array.from(
      { length: extent },
      (_, position) => (position + 0.5 - extent / 2 - shift * extent) / scale + extent / 2,
    );
  const columns = origins(width, shiftX).map((origin) => (flip ? width - origin : origin));
  const moved = resample(
    pixels,
    width,
    linearAxis(height, origins(height, shiftY)),
    linearAxis(width, columns),
  );
  return moved.map((value) => value * gain + offset);
}

function transformBox(
  [yMin, xMin, yMax, xMax]: Box,
  height: number,
  width: number,
  { flip, scale, shiftY, shiftX }: Augmentation,
): { box: Box; visible: boolean } {
  const move = (value: number, extent: number, shift: number) =>
    (value - extent / 2) * scale + extent / 2 + shift * extent;
  const y = (value: number) => move(value, height, shiftY);
  const x = (value: number) => move(flip ? width - value : value, width, shiftX);
  const [left, right] = flip ? [xMax, xMin] : [xMin, xMax];
  const whole: Box = [y(yMin), x(left), y(yMax), x(right)];
  const box: Box = [
    Math.max(whole[0], 0),
    Math.max(whole[1], 0),
    Math.min(whole[2], height),
    Math.min(whole[3], width),
  ];
  return { box, visible: boxArea(box) >= boxArea(whole) / 2 };
}
