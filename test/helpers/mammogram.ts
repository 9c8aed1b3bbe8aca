// Pictures made like full-field mammograms, with what hospitals and scanners leave on them.
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";

export interface MammogramOptions {
  readonly height: number;
  readonly width: number;
  /** The side of the picture where the chest wall is. */
  readonly chest: "left" | "right";
  readonly view?: "CC" | "MLO";
  readonly air?: number;
  /** How much brighter the air is at the chest wall than at the other side. */
  readonly glow?: number;
  /** Standard deviation of noise, everywhere. */
  readonly noise?: number;
  /** Letters on a plate in the upper corner on the nipple's side. */
  readonly label?: boolean;
  /** Width of a white frame, and of the black outside it, in pixels. */
  readonly frame?: readonly [width: number, inset: number];
  /** A ragged bright edge of the film along the bottom. */
  readonly filmEdge?: boolean;
  /** Width in pixels of black padding along the chest wall. */
  readonly padding?: number;
  /** Pixels painted at the brightest value. */
  readonly lesion?: Box;
  readonly spacing?: readonly [number, number];
  readonly seed?: number;
}

const bits = 12;
export const brightest = 2 ** bits - 1;

/** The breast's extent, in fractions of the picture: half an ellipse on the chest wall. */
const ellipse = { middle: 0.52, halfHeight: 0.36, depth: 0.62 } as const;

/** How deep in the breast a point is, 1 at the chest wall's middle and 0 at the skin; `x` from the chest wall. */
function depthAt(y: number, x: number, view: "CC" | "MLO"): number {
  const { middle, halfHeight, depth } = ellipse;
  const inEllipse = 1 - Math.hypot((y - middle) / halfHeight, x / depth);
  // An oblique view goes on to the armpit, above the ellipse.
  if (view === "MLO" && y < middle)
    return Math.max(inEllipse, (1 - x / (depth * (0.35 + (0.65 * y) / middle))) / 2);
  return inEllipse;
}

export function mammogram(options: MammogramOptions): GrayImage {
  const { height, width, chest, view = "CC", air = 0, glow = 0, noise = 0, seed = 1 } = options;
  const random = new RandomStream(seed, "mammogram");
  const data = new Uint16Array(height * width);
  const phase = [0, 1, 2, 3].map((index) => random.uniformAt(index) * 6);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const y = (row + 0.5) / height;
      const x = (chest === "left" ? column + 0.5 : width - column - 0.5) / width;
      const deep = depthAt(y, x, view);
      let value = air + glow * (1 - x);
      if (deep > 0) {
        const texture =
          Math.sin(14 * x + phase[0]) * Math.cos(11 * y + phase[1]) + Math.sin(31 * x - 23 * y + phase[2]);
        value += Math.min(1, 6 * deep) * (1100 + 250 * texture);
        if (view === "MLO" && x < 0.3 * (1 - y / 0.6)) value += 900;
      }
      if (noise > 0) value += noise * random.normalAt(2 + row * width + column);
      data[row * width + column] = Math.min(Math.max(Math.round(value), 0), brightest);
    }
  const image = { height, width, bits, data, ...(options.spacing ? { spacing: options.spacing } : {}) };
  addArtefacts(image, options);
  return image;
}

function addArtefacts(image: GrayImage, options: MammogramOptions): void {
  const { height, width } = image;
  const fill = (top: number, left: number, bottom: number, right: number, value: number) => {
    for (let y = Math.max(0, Math.round(top)); y < Math.min(height, Math.round(bottom)); y++)
      image.data.fill(
        value,
        y * width + Math.max(0, Math.round(left)),
        y * width + Math.min(width, Math.round(right)),
      );
  };
  const isLeft = options.chest === "left";
  if (options.label) {
    const [top, left] = [0.05 * height, (isLeft ? 0.7 : 0.1) * width];
    fill(top, left, top + 0.07 * height, left + 0.2 * width, brightest / 2);
    for (let letter = 0; letter < 4; letter++)
      fill(
        top + 0.015 * height,
        left + (0.02 + 0.045 * letter) * width,
        top + 0.055 * height,
        left + (0.045 + 0.045 * letter) * width,
        brightest,
      );
  }
  if (options.filmEdge)
    for (let x = 0; x < width; x++)
      fill(height * (0.985 - 0.008 * Math.sin(x / 17)), x, height, x + 1, brightest * 0.8);
  if (options.padding)
    fill(0, isLeft ? 0 : width - options.padding, height, isLeft ? options.padding : width, 0);
  if (options.frame) {
    const [thickness, inset] = options.frame;
    fill(0, 0, inset, width, 0);
    fill(height - inset, 0, height, width, 0);
    fill(0, 0, height, inset, 0);
    fill(0, width - inset, height, width, 0);
    fill(inset, inset, inset + thickness, width - inset, brightest);
    fill(height - inset - thickness, inset, height - inset, width - inset, brightest);
    fill(inset, inset, height - inset, inset + thickness, brightest);
    fill(inset, width - inset - thickness, height - inset, width - inset, brightest);
  }
  if (options.lesion) fill(...options.lesion, brightest);
}

/** Whether a pixel shows breast, by the formula that the picture is made with. */
export function isBreast(
  { height, width, chest, view = "CC" }: MammogramOptions,
  row: number,
  column: number,
): boolean {
  const x = (chest === "left" ? column + 0.5 : width - column - 0.5) / width;
  return depthAt((row + 0.5) / height, x, view) > 0;
}
