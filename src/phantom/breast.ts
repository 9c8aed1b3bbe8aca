// A region of breast: fibroglandular tissue in fat, beneath skin where the region reaches the outline.
import type { RandomStream } from "../base/random.ts";
import { attenuation } from "./materials.ts";
import { powerLawFields } from "./texture.ts";
import { sliceHeight, type Volume } from "./volume.ts";

/**
 * Compressed thickness in mm of the VICTRE trial's four density classes, and the standard normal's quantile above which
 * their share of gland lies: 5, 15, 34 and 60 per cent.
 */
export const densityClasses = {
  fatty: { thickness: 60, glandAbove: 1.645 },
  scattered: { thickness: 55, glandAbove: 1.036 },
  heterogeneous: { thickness: 45, glandAbove: 0.412 },
  dense: { thickness: 35, glandAbove: -0.253 },
} as const;
export type DensityClass = keyof typeof densityClasses;

/** The curved outline towards the nipple, in mm: x = apex − (y − middle)²/(2·radius) at mid-height. */
export interface Outline {
  readonly apex: number;
  readonly middle: number;
  readonly radius: number;
}

export interface BreastOptions {
  readonly rows: number;
  readonly columns: number;
  readonly spacing: number;
  readonly slices: number;
  /** Rows added on both sides for oblique rays. */
  readonly margin: number;
  readonly density: DensityClass;
  readonly outline?: Outline;
}

/**
 * Power-law exponent of the tissue's field. Thresholding adds fine structure, which brings the projection's exponent
 * down to the 3.0 to 3.3 that mammograms have.
 */
const textureExponent = 3.4;
/** The longest wavelength of tissue in mm: a breast's breadth. */
const outerScale = 100;
/** Width of the passage from fat to gland in standard deviations of the field. */
const interfaceWidth = 2.2;
/** Gland-like stroma that runs through fat: its mean share, and what a second field varies it by. */
const stromaMean = 0.06;
const stromaContrast = 0.1;
const skinThickness = 1.5;
/** Fat without gland beneath the skin. */
const subcutaneousFat = 5;
/** The rounded edge of the compressed breast: how far it recedes at the paddle. */
const edgeRounding = 9;

const powerOfTwo = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(size, 2)));

/** Share of gland, 0 to 1, over a passage of the given width about the threshold. */
function glandularShare(value: number, threshold: number): number {
  const t = Math.min(Math.max((value - threshold) / interfaceWidth + 0.5, 0), 1);
  return t * t * (3 - 2 * t);
}

/** How far the surface recedes from mid-height, mm: a superellipse, as the paddles press the edge flat. */
function recess(z: number, thickness: number): number {
  const u = Math.min(Math.abs((2 * z) / thickness), 1);
  return edgeRounding * (1 - (1 - u ** 2.5) ** (1 / 2.5));
}

/** x of the skin's surface at (y, z), mm. */
export function surfaceAt(outline: Outline, y: number, z: number, thickness: number): number {
  return outline.apex - (y - outline.middle) ** 2 / (2 * outline.radius) - recess(z, thickness);
}

/** Share of the field's variance at wavelengths that a region of this size holds; the rest sets the region's mean. */
function localVariance(size: number, spacing: number): number {
  const power = (wavelength: number) => wavelength ** (textureExponent - 3);
  const finest = power(2 * spacing);
  return Math.min((power(size) - finest) / (power(outerScale) - finest), 1);
}

/**
 * Attenuation of tissue without skin, [slice][row][column], periodic in rows: a power-law field, thresholded softly so
 * that the density class's share is gland, in fat with some stroma.
 */
function drawTissue(options: BreastOptions, stream: RandomStream) {
  const { slices, rows, columns, spacing, density } = options;
  const { thickness, glandAbove } = densityClasses[density];
  const shape = {
    slices: powerOfTwo(slices),
    rows: powerOfTwo(rows),
    columns: powerOfTwo(columns),
    spacing,
    sliceThickness: thickness / slices,
  };
  const variance = localVariance(Math.max(rows, columns) * spacing, spacing);
  const fields = powerLawFields(shape, textureExponent, variance, stream);
  // The fields' own draws have counters below their length.
  const threshold = glandAbove - Math.sqrt(1 - variance) * stream.normalAt(fields.length);
  const mu = new Float32Array(slices * shape.rows * shape.columns);
  for (let i = 0; i < mu.length; i++) {
    const gland = glandularShare(fields[2 * i], threshold);
    const stroma = Math.max(stromaMean + stromaContrast * fields[2 * i + 1], 0);
    mu[i] = attenuation.adipose + (gland + (1 - gland) * stroma) * (attenuation.gland - attenuation.adipose);
  }
  return { mu, rows: shape.rows, columns: shape.columns };
}

/**
 * Attenuation of the region. Beyond the image, where only oblique rays pass, the tissue repeats along y. The flat skin
 * under the paddles attenuates every ray alike and is left out.
 */
export function makeBreast(options: BreastOptions, stream: RandomStream): Volume {
  const { slices, columns, spacing, margin, outline } = options;
  const { thickness } = densityClasses[options.density];
  const tissue = drawTissue(options, stream);
  const rows = options.rows + 2 * margin;
  const data = new Float32Array(slices * rows * columns);
  const sliceThickness = thickness / slices;
  for (let slice = 0; slice < slices; slice++)
    for (let row = 0; row < rows; row++) {
      const imageRow = row - margin;
      const period = ((imageRow % tissue.rows) + tissue.rows) % tissue.rows;
      const from = (slice * tissue.rows + period) * tissue.columns;
      data.set(tissue.mu.subarray(from, from + columns), (slice * rows + row) * columns);
    }
  const volume: Volume = { slices, rows, columns, firstRow: -margin, spacing, sliceThickness, data };
  if (outline) cutOutline(volume, outline);
  return volume;
}

/** Puts air beyond the outline, skin beneath it, and fat beneath the skin. */
function cutOutline(volume: Volume, outline: Outline): void {
  const { slices, rows, columns, spacing, sliceThickness, data } = volume;
  const thickness = slices * sliceThickness;
  for (let slice = 0; slice < slices; slice++) {
    const z = sliceHeight(volume, slice);
    const near = Math.max(Math.abs(z) - sliceThickness / 2, 0);
    // The surface runs through a slice over this breadth; softening it as much keeps slices from showing as rings.
    const softness = Math.max(spacing, recess(near + sliceThickness, thickness) - recess(near, thickness));
    for (let row = 0; row < rows; row++) {
      const surface = surfaceAt(outline, (volume.firstRow + row + 0.5) * spacing, z, thickness);
      for (let column = 0, at = (slice * rows + row) * columns; column < columns; column++, at++)
        data[at] = beneathSkin(data[at], surface - (column + 0.5) * spacing, softness);
    }
  }
}

/** What tissue becomes at a depth below the skin's surface in mm, the surface softened over `softness` mm. */
function beneathSkin(tissue: number, depth: number, softness: number): number {
  const inBreast = Math.min(Math.max(depth / softness + 0.5, 0), 1);
  if (inBreast === 0) return 0;
  const inSkin = Math.min(Math.max((skinThickness - depth) / softness + 0.5, 0), 1);
  const tissueShare = Math.min(Math.max((depth - skinThickness) / subcutaneousFat, 0), 1);
  const beneath = attenuation.adipose + tissueShare * (tissue - attenuation.adipose);
  return inBreast * (inSkin * attenuation.skin + (1 - inSkin) * beneath);
}
