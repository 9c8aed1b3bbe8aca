// What two networks' features of the same samples share, whatever their axes: centred kernel alignment, and how much of
// one a linear map finds in the other.
import { solveSymmetric } from "../base/linearAlgebra.ts";

/** Features of samples: [samples][features]. */
export type Features = readonly ArrayLike<number>[];

/** Features less their columns' means: on raw products large means would cancel all digits. */
function centered(features: Features, means = columnMeans(features)): Float64Array[] {
  return features.map((row) => Float64Array.from(row, (value, c) => value - means[c]));
}

function columnMeans(features: Features): Float64Array {
  const means = new Float64Array(features[0].length);
  for (const row of features) for (let c = 0; c < means.length; c++) means[c] += row[c] / features.length;
  return means;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Inner products of all pairs of rows, [samples, samples]. */
function gramOf(features: Features): Float64Array {
  const rows = centered(features);
  const size = rows.length;
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) gram[i * size + j] = gram[j * size + i] = dot(rows[i], rows[j]);
  return gram;
}

function checkSamples(x: Features, y: Features): void {
  if (x.length !== y.length) throw new Error(`${x.length} and ${y.length} samples cannot be compared`);
}

/**
 * ‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖) of centred features, 0 to 1 (Kornblith et al., ICML 2019). With more features than samples it is
 * near 1 even for unrelated ones: use {@link debiasedCka} there, and controls.
 * @throws Error when the numbers of samples differ.
 */
export function linearCka(x: Features, y: Features): number {
  checkSamples(x, y);
  const [k, l] = [gramOf(x), gramOf(y)];
  return dot(k, l) / Math.sqrt(dot(k, k) * dot(l, l));
}

/** Song et al.'s unbiased estimate of the Hilbert-Schmidt criterion (ICML 2007) from two Gram matrices. */
function unbiasedHsic(k: Float64Array, l: Float64Array, size: number): number {
  const rowSums = (gram: Float64Array) =>
    Float64Array.from({ length: size }, (_, i) => {
      let sum = -gram[i * size + i];
      for (let j = 0; j < size; j++) sum += gram[i * size + j];
      return sum;
    });
  const total = (sums: Float64Array) => sums.reduce((sum, value) => sum + value, 0);
  const [sumsK, sumsL] = [rowSums(k), rowSums(l)];
  let trace = dot(k, l);
  for (let i = 0; i < size; i++) trace -= k[i * size + i] * l[i * size + i];
  const means = (total(sumsK) * total(sumsL)) / ((size - 1) * (size - 2));
  return (trace + means - (2 * dot(sumsK, sumsL)) / (size - 2)) / (size * (size - 3));
}

/**
 * Linear CKA from unbiased estimates: near 0 for unrelated features however many they are; may be negative.
 * @returns NaN when a matrix's own estimate is not positive.
 * @throws Error when the numbers of samples differ or are fewer than 4.
 */
export function debiasedCka(x: Features, y: Features): number {
  checkSamples(x, y);
  if (x.length < 4) throw new Error(`debiased CKA needs 4 samples, there are ${x.length}`);
  const [k, l] = [gramOf(x), gramOf(y)];
  const hsic = (a: Float64Array, b: Float64Array) => unbiasedHsic(a, b, x.length);
  return hsic(k, l) / Math.sqrt(hsic(k, k) * hsic(l, l));
}

/** A linear map with offsets. */
interface LinearMap {
  readonly inputMeans: Float64Array;
  readonly outputMeans: Float64Array;
  /** [inputs, outputs] */
  readonly weights: Float64Array;
}

/** Least squares with the penalty λ·‖W‖² on centred features; of the samples' side where they are fewer than features. */
function fitRidge(x: Features, y: Features, penalty: number): LinearMap {
  const [inputMeans, outputMeans] = [columnMeans(x), columnMeans(y)];
  const [rowsX, rowsY] = [centered(x, inputMeans), centered(y, outputMeans)];
  const [inputs, outputs, samples] = [inputMeans.length, outputMeans.length, x.length];
  const weights = new Float64Array(inputs * outputs);
  const addProduct = (to: Float64Array, row: number, factor: number, values: Float64Array) => {
    for (let c = 0; c < values.length; c++) to[row * values.length + c] += factor * values[c];
  };
  if (inputs <= samples) {
    const gram = new Float64Array(inputs * inputs);
    rowsX.forEach((row, s) => {
      for (let i = 0; i < inputs; i++) {
        addProduct(gram, i, row[i], row);
        addProduct(weights, i, row[i], rowsY[s]);
      }
    });
    for (let i = 0; i < inputs; i++) gram[i * inputs + i] += penalty;
    return { inputMeans, outputMeans, weights: solveSymmetric(gram, weights, inputs) };
  }
  const gram = gramOf(x);
  for (let s = 0; s < samples; s++) gram[s * samples + s] += penalty;
  const dual = solveSymmetric(gram, Float64Array.from(rowsY.flatMap((row) => [...row])), samples);
  rowsX.forEach((row, s) => {
    const share = dual.subarray(s * outputs, (s + 1) * outputs);
    for (let i = 0; i < inputs; i++) addProduct(weights, i, row[i], share);
  });
  return { inputMeans, outputMeans, weights };
}

function predict({ inputMeans, outputMeans, weights }: LinearMap, row: ArrayLike<number>): Float64Array {
  const out = outputMeans.slice();
  for (let i = 0; i < inputMeans.length; i++) {
    const value = row[i] - inputMeans[i];
    for (let c = 0; c < out.length; c++) out[c] += value * weights[i * out.length + c];
  }
  return out;
}

/** What a ridge regression of y on x says of samples that it has not seen: [unseen][outputs]. */
export function ridgePredictions(
  { x, y }: { readonly x: Features; readonly y: Features },
  unseen: Features,
  penalty: number,
): Float64Array[] {
  checkSamples(x, y);
  const map = fitRidge(x, y, penalty);
  return unseen.map((row) => predict(map, row));
}

/** Share of y's variance about its own means that predictions explain, all columns pooled. */
function explainedShare(y: Features, predictions: Features): number {
  const means = columnMeans(y);
  let [residual, total] = [0, 0];
  y.forEach((row, s) => {
    for (let c = 0; c < row.length; c++) {
      residual += (row[c] - predictions[s][c]) ** 2;
      total += (row[c] - means[c]) ** 2;
    }
  });
  return 1 - residual / total;
}

/** R² of y on `test` from a ridge regression on x fitted to `train`; all columns pooled. */
export function ridgeR2(
  train: { readonly x: Features; readonly y: Features },
  test: { readonly x: Features; readonly y: Features },
  penalty: number,
): number {
  checkSamples(test.x, test.y);
  return explainedShare(test.y, ridgePredictions(train, test.x, penalty));
}

/**
 * R² of y predicted from x on samples that the regression did not see: contiguous folds, predictions pooled, against the mean
 * of all. Samples of one patient belong side by side.
 */
export function crossValidatedR2(x: Features, y: Features, penalty: number, folds = 5): number {
  checkSamples(x, y);
  const [size, longer] = [Math.floor(x.length / folds), x.length % folds];
  const predictions: Float64Array[] = [];
  for (let fold = 0, start = 0; fold < folds; fold++) {
    const end = start + size + (fold < longer ? 1 : 0);
    const outside = (rows: Features) => [...rows.slice(0, start), ...rows.slice(end)];
    const map = fitRidge(outside(x), outside(y), penalty);
    for (const row of x.slice(start, end)) predictions.push(predict(map, row));
    start = end;
  }
  return explainedShare(y, predictions);
}
