// How alike two feature maps are, and over how many directions one spreads.
import { symmetricEigenvalues } from "./eigenvalues.ts";

/** One pyramid level of a batch. */
export interface FeatureMap {
  /** [images, channels, height, width] */
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

function sizesOf({ shape, data }: FeatureMap): { images: number; channels: number; pixels: number } {
  const [images, channels, height, width] = shape;
  const pixels = height * width;
  if (data.length !== images * channels * pixels)
    throw new Error(`a feature map of shape [${shape}] has ${data.length} elements`);
  return { images, channels, pixels };
}

function checkSameShape(a: FeatureMap, b: FeatureMap): void {
  if (a.shape.join() !== b.shape.join())
    throw new Error(`feature maps of shapes [${a.shape}] and [${b.shape}] cannot be compared`);
}

/** Below it a vector has no direction and its cosine goes to 0, as in the cosine loss. */
const leastNorm = 1e-8;

/**
 * The cosine of the two channel vectors at every location.
 * @returns [images, height, width]
 * @throws Error when the shapes differ.
 */
export function locationCosines(a: FeatureMap, b: FeatureMap): Float64Array {
  checkSameShape(a, b);
  const { images, channels, pixels } = sizesOf(a);
  const cosines = new Float64Array(images * pixels);
  for (let location = 0; location < cosines.length; location++) {
    const start = Math.floor(location / pixels) * channels * pixels + (location % pixels);
    let product = 0;
    let squaresA = 0;
    let squaresB = 0;
    for (let channel = 0; channel < channels; channel++) {
      const valueA = a.data[start + channel * pixels];
      const valueB = b.data[start + channel * pixels];
      product += valueA * valueB;
      squaresA += valueA * valueA;
      squaresB += valueB * valueB;
    }
    cosines[location] =
      product / (Math.max(Math.sqrt(squaresA), leastNorm) * Math.max(Math.sqrt(squaresB), leastNorm));
  }
  return cosines;
}

/** The mean over images and locations of {@link locationCosines}. */
export const meanCosine = (a: FeatureMap, b: FeatureMap): number => {
  const cosines = locationCosines(a, b);
  return cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
};

/** The mean over all elements of the squared difference. @throws Error when the shapes differ. */
export function meanSquaredError(a: FeatureMap, b: FeatureMap): number {
  checkSameShape(a, b);
  let sum = 0;
  for (let index = 0; index < a.data.length; index++) sum += (a.data[index] - b.data[index]) ** 2;
  return sum / a.data.length;
}

/** The mean of every channel over images and locations. */
function channelMeans({ shape, data }: FeatureMap): Float64Array {
  const [images, channels, height, width] = shape;
  const pixels = height * width;
  const means = new Float64Array(channels);
  for (let row = 0; row < images * channels; row++)
    for (let pixel = 0; pixel < pixels; pixel++) means[row % channels] += data[row * pixels + pixel];
  return means.map((sum) => sum / (images * pixels));
}

/**
 * Eigenvalues, descending, of the covariance of the channels, every location of every image being a sample. The means
 * are taken away first: on raw products large means would cancel all digits.
 * @returns [channels]
 */
export function covarianceSpectrum(map: FeatureMap): Float64Array {
  const { images, channels, pixels } = sizesOf(map);
  const { data } = map;
  const means = channelMeans(map);
  const covariance = new Float64Array(channels * channels);
  for (let image = 0; image < images; image++)
    for (let p = 0; p < channels; p++)
      for (let q = p; q < channels; q++) {
        const startP = (image * channels + p) * pixels;
        const startQ = (image * channels + q) * pixels;
        const [meanP, meanQ] = [means[p], means[q]];
        let sum = 0;
        for (let pixel = 0; pixel < pixels; pixel++)
          sum += (data[startP + pixel] - meanP) * (data[startQ + pixel] - meanQ);
        covariance[p * channels + q] += sum / (images * pixels);
        covariance[q * channels + p] = covariance[p * channels + q];
      }
  return symmetricEigenvalues(covariance, channels);
}

/** Eigenvalues below this share of the largest are rounding. */
const leastShare = 1e-13;

/**
 * exp(−Σ p ln p) with p the singular values of the centred features over their sum: between 1, all variation along
 * one direction, and the number of channels (Roy and Vetterli, "The effective rank", EUSIPCO 2007).
 * @param spectrum of {@link covarianceSpectrum}: the squares of the singular values, up to a factor.
 * @returns 0 when nothing varies.
 */
export function effectiveRank(spectrum: Float64Array): number {
  const [largest] = spectrum;
  if (!(Math.abs(largest) > 0)) return Number.isNaN(largest) ? NaN : 0;
  const values = spectrum.filter((value) => value > leastShare * largest).map(Math.sqrt);
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.exp(-values.reduce((entropy, value) => entropy + (value / sum) * Math.log(value / sum), 0));
}

/** (Σ λ)² / Σ λ²: the number of directions that share the variance. 0 when nothing varies. */
export function participationRatio(spectrum: Float64Array): number {
  const sum = spectrum.reduce((total, value) => total + value, 0);
  const squares = spectrum.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}
