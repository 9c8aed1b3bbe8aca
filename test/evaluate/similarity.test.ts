import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "../../src/base/random.ts";
import { symmetricEigenvalues } from "../../src/evaluate/eigenvalues.ts";
import {
  covarianceSpectrum,
  effectiveRank,
  type FeatureMap,
  locationCosines,
  meanCosine,
  meanSquaredError,
  participationRatio,
} from "../../src/evaluate/similarity.ts";
import { assertClose } from "../helpers/compare.ts";
import { golden, tolerance } from "./goldens.ts";

type RawAndCentered = { raw: number; centered: number };
interface SimilarityGolden {
  name: string;
  /** [samples][features] */
  X: number[][];
  Y: number[][];
  expected: {
    effective_rank_X: RawAndCentered;
    effective_rank_Y: RawAndCentered;
    participation_ratio_X: RawAndCentered;
    participation_ratio_Y: RawAndCentered;
    mean_cosine?: { raw: number };
    row_cosines?: number[];
  };
}

/** Samples as the locations of one image, in one row. */
function toMap(rows: readonly (readonly number[])[]): FeatureMap {
  const channels = rows[0].length;
  const data = Array.from({ length: channels }, (_, channel) => rows.map((row) => row[channel])).flat();
  return { shape: [1, channels, 1, rows.length], data };
}

for (const { name, X, Y, expected } of golden<SimilarityGolden[]>("similarity"))
  test(`similarity agrees with numpy: ${name}`, () => {
    // Large means cost digits of the inputs themselves.
    const allowed = name.includes("large_offset") ? { absolute: 1e-8, relative: 1e-8 } : tolerance;
    const [x, y] = [toMap(X), toMap(Y)];
    const spectra = [covarianceSpectrum(x), covarianceSpectrum(y)];
    const { effective_rank_X, effective_rank_Y, participation_ratio_X, participation_ratio_Y } = expected;
    assertClose(
      spectra.map(effectiveRank),
      [effective_rank_X.centered, effective_rank_Y.centered],
      allowed,
      "effective rank",
    );
    assertClose(
      spectra.map(participationRatio),
      [participation_ratio_X.centered, participation_ratio_Y.centered],
      allowed,
      "participation ratio",
    );
    if (expected.row_cosines) assertClose(locationCosines(x, y), expected.row_cosines, allowed, "cosines");
    if (expected.mean_cosine) assertClose([meanCosine(x, y)], [expected.mean_cosine.raw], allowed, "cosine");
  });

/** [images, channels, height, width] of standard normals. */
function randomMap(shape: readonly number[], name: string): FeatureMap {
  const stream = new RandomStream(5, name);
  const count = shape.reduce((product, extent) => product * extent, 1);
  return { shape, data: Float32Array.from({ length: count }, () => stream.nextNormal()) };
}

test("locations of several images and rows are kept apart", () => {
  const a = randomMap([2, 3, 2, 4], "a");
  const b = randomMap([2, 3, 2, 4], "b");
  const at = ({ data }: FeatureMap, image: number, location: number) =>
    [0, 1, 2].map((channel) => data[(image * 3 + channel) * 8 + location]);
  const expected = Array.from({ length: 16 }, (_, index) => {
    const [u, v] = [a, b].map((map) => at(map, Math.floor(index / 8), index % 8));
    const dot = (p: number[], q: number[]) => p.reduce((sum, value, channel) => sum + value * q[channel], 0);
    return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
  });
  assertClose(locationCosines(a, b), expected, tolerance, "cosines");
  const rows = Array.from({ length: 16 }, (_, index) => at(a, Math.floor(index / 8), index % 8));
  assertClose(covarianceSpectrum(a), covarianceSpectrum(toMap(rows)), tolerance, "spectrum");
  const difference = Array.from(a.data, (value, index) => (value - b.data[index]) ** 2);
  const mean = difference.reduce((sum, value) => sum + value, 0) / difference.length;
  assertClose([meanSquaredError(a, b)], [mean], tolerance, "mean squared error");
});

test("a collapse shows: copies of one channel have rank 1, constant features 0, and NaN stays NaN", () => {
  const one = randomMap([4, 1, 8, 8], "channel");
  const data = new Float32Array(4 * 16 * 64);
  for (let row = 0; row < 64; row++)
    for (let pixel = 0; pixel < 64; pixel++)
      data[row * 64 + pixel] = ((row % 16) + 1) * one.data[Math.floor(row / 16) * 64 + pixel];
  const copies = { shape: [4, 16, 8, 8], data };
  // Rounding the copies to float32 spreads them by about 1e-8 in directions of its own.
  assertClose([effectiveRank(covarianceSpectrum(copies))], [1], { absolute: 1e-4, relative: 0 }, "rank");
  assert.equal(effectiveRank(covarianceSpectrum({ ...copies, data: data.map(() => 3) })), 0);
  assert.equal(effectiveRank(covarianceSpectrum({ ...copies, data: data.map(() => NaN) })), NaN);
  const rank = effectiveRank(covarianceSpectrum(randomMap([4, 16, 8, 8], "independent")));
  assert.ok(rank > 15 && rank <= 16, `independent channels: ${rank}`);
});

test("a vector of zeros has cosine 0, and shapes that differ are refused", () => {
  const a = randomMap([1, 3, 2, 2], "a");
  assert.equal(meanCosine(a, { ...a, data: new Float32Array(12) }), 0);
  assert.throws(() => meanSquaredError(a, randomMap([1, 3, 4, 1], "b")), /\[1,3,2,2\] and \[1,3,4,1\]/);
  assert.throws(() => covarianceSpectrum({ shape: [1, 3, 2, 2], data: [1, 2] }), /has 2 elements/);
});

test("eigenvalues are the known ones, and keep the trace and the sum of squares of a random matrix", () => {
  // The second difference on 12 points has eigenvalues 2 − 2 cos(kπ/13).
  const size = 12;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    matrix[i * size + i] = 2;
    if (i > 0) matrix[i * size + i - 1] = matrix[(i - 1) * size + i] = -1;
  }
  const expected = Array.from({ length: size }, (_, i) => 2 - 2 * Math.cos(((size - i) * Math.PI) / 13));
  assertClose(symmetricEigenvalues(matrix, size), expected, { absolute: 1e-14, relative: 0 }, "eigenvalues");

  const stream = new RandomStream(2, "matrix");
  const random = new Float64Array(64 * 64);
  for (let i = 0; i < 64; i++)
    for (let j = i; j < 64; j++) random[i * 64 + j] = random[j * 64 + i] = stream.nextNormal();
  const values = symmetricEigenvalues(random, 64);
  const sum = (terms: ArrayLike<number>) => Array.from(terms).reduce((total, term) => total + term, 0);
  const trace = sum(Array.from({ length: 64 }, (_, i) => random[65 * i]));
  const squares = sum(random.map((value) => value * value));
  assertClose([sum(values)], [trace], { absolute: 1e-11, relative: 0 }, "trace");
  assertClose([sum(values.map((value) => value * value))], [squares], tolerance, "squares");
});
