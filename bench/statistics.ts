// Medians and ratios of medians with intervals that assume no distribution.

/** The middle value, or the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many of the outermost values on each side may be left out while the tails hold `1 - confidence` at most. */
function droppable(probabilities: Iterable<number>, confidence: number): number {
  let tail = 0;
  let dropped = 0;
  for (const probability of probabilities) {
    tail += probability;
    if (2 * tail > 1 - confidence) return dropped;
    dropped++;
  }
  return dropped;
}

/** Chances that exactly 0, 1, … of n values lie below their population's median. */
function* binomialChances(n: number): Generator<number> {
  let chance = 0.5 ** n;
  for (let below = 0; below <= n; below++) {
    yield chance;
    chance *= (n - below) / (below + 1);
  }
}

/**
 * Chances that Mann and Whitney's U of samples of n and m values is 0, 1, …: coefficients of the Gaussian binomial,
 * ∏ (1 − q^(n+i)) / (1 − q^i) for i = 1 … m, over their sum.
 */
export function rankSumChances(n: number, m: number): Float64Array {
  const counts = new Float64Array(n * m + 1);
  counts[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let u = n * m; u >= n + i; u--) counts[u] -= counts[u - n - i];
    for (let u = i; u <= n * m; u++) counts[u] += counts[u - i];
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The exact interval of a median by order statistics (binomial). Six values are the fewest that give 95%; with fewer it
 * is their range.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const drop = Math.max(droppable(binomialChances(sorted.length), confidence) - 1, 0);
  return { low: sorted[drop], high: sorted[sorted.length - 1 - drop] };
}

export interface Ratio extends Interval {
  readonly ratio: number;
}

/**
 * How many times larger `values` are than `base`: Hodges and Lehmann's estimate, the median of all quotients of one by
 * another, with the exact interval that belongs to Mann and Whitney's test. With too few values it is their range.
 */
export function medianRatio(base: readonly number[], values: readonly number[], confidence = 0.99): Ratio {
  const quotients = values.flatMap((value) => base.map((other) => value / other)).sort((a, b) => a - b);
  const drop = Math.max(droppable(rankSumChances(base.length, values.length), confidence) - 1, 0);
  return {
    ratio: median(quotients),
    low: quotients[drop],
    high: quotients[quotients.length - 1 - drop],
  };
}
