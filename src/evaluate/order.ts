/**
 * Indices of the scores from the highest to the lowest; equal scores keep their order.
 * @throws Error when a score is NaN: it has no place in an order.
 */
export function descendingOrder(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, index) => index);
  for (const index of order)
    if (Number.isNaN(scores[index])) throw new Error(`score ${index} of ${scores.length} is NaN`);
  return order.sort((a, b) => scores[b] - scores[a] || a - b);
}
