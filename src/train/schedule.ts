export interface ScheduleOptions {
  /** Highest learning rate. */
  readonly learningRate: number;
  /** Share of all steps over which the rate rises linearly from a tenth of the highest. */
  readonly warmup: number;
}

/** Learning rate of a step, counted from 0: a linear warm-up, then half a cosine down to 0 (arXiv 1608.03983). */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmup }: ScheduleOptions,
): number {
  const rising = Math.round(warmup * steps);
  if (step < rising) return learningRate * (0.1 + (0.9 * step) / rising);
  return 0.5 * learningRate * (1 + Math.cos((Math.PI * (step - rising)) / Math.max(steps - rising, 1)));
}

/**
 * Share of the parameters in their average at a step from 0: 1 − decay in the end, larger before, so that early averages
 * forget the random start.
 */
export function averageRateAt(step: number, decay: number): number {
  return Math.max(1 - decay, 9 / (10 + step));
}
