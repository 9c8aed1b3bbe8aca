/** A stop for the case that rounding keeps an element above the limit; quadratic convergence needs about ten. */
const maxSweeps = 30;

/**
 * Rotates rows and columns p < q of a symmetric matrix so that its element (p, q) becomes 0 (Golub and Van Loan,
 * Matrix Computations, section 8.5).
 */
function rotate(matrix: Float64Array, size: number, p: number, q: number): void {
  const off = matrix[p * size + q];
  const theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * off);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let k = 0; k < size; k++) {
    const a = matrix[k * size + p];
    const b = matrix[k * size + q];
    matrix[k * size + p] = cosine * a - sine * b;
    matrix[k * size + q] = sine * a + cosine * b;
  }
  for (let k = 0; k < size; k++) {
    const a = matrix[p * size + k];
    const b = matrix[q * size + k];
    matrix[p * size + k] = cosine * a - sine * b;
    matrix[q * size + k] = sine * a + cosine * b;
  }
}

/**
 * Eigenvalues of a symmetric matrix [size, size] by cyclic Jacobi rotations, in descending order, each within a few
 * 10⁻¹⁶ of the largest in magnitude; all NaN when an element is not finite.
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, size: number): Float64Array {
  const work = Float64Array.from(matrix);
  const squares = work.reduce((sum, element) => sum + element * element, 0);
  if (!Number.isFinite(squares)) return new Float64Array(size).fill(NaN);
  const negligible = (Number.EPSILON / 4) * (Math.sqrt(squares) / size);
  let rotated = true;
  for (let sweep = 0; rotated && sweep < maxSweeps; sweep++) {
    rotated = false;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(work[p * size + q]) <= negligible) continue;
        rotate(work, size, p, q);
        rotated = true;
      }
  }
  return Float64Array.from({ length: size }, (_, index) => work[index * size + index])
    .sort()
    .reverse();
}
