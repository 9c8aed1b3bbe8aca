/**
 * Solves A·X = B for a symmetric positive definite A by its Cholesky factors.
 * @param matrix A [size, size], row-major; its lower triangle is overwritten by the factor.
 * @param right B [size, columns], row-major; overwritten by X.
 * @returns X. NaN where A is not positive definite.
 */
export function solveSymmetric(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  factorize(matrix, size);
  const columns = right.length / size;
  const subtractRow = (from: number, to: number, factor: number) => {
    for (let c = 0; c < columns; c++) right[to * columns + c] -= factor * right[from * columns + c];
  };
  const divideRow = (row: number, divisor: number) => {
    for (let c = 0; c < columns; c++) right[row * columns + c] /= divisor;
  };
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtractRow(k, i, matrix[i * size + k]);
    divideRow(i, matrix[i * size + i]);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtractRow(k, i, matrix[k * size + i]);
    divideRow(i, matrix[i * size + i]);
  }
  return right;
}

/** Replaces the lower triangle by L of A = L·Lᵀ, column by column. */
function factorize(matrix: Float64Array, size: number): void {
  const at = (row: number, column: number) => row * size + column;
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++)
      for (let k = 0; k < j; k++) matrix[at(i, j)] -= matrix[at(i, k)] * matrix[at(j, k)];
    const diagonal = Math.sqrt(matrix[at(j, j)]);
    for (let i = j; i < size; i++) matrix[at(i, j)] /= diagonal;
  }
}
