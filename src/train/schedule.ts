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

/** Decay of the parameter average at a step from 0: ramped up, so that early averages forget the random start. */
export function averageDecayAt(step: number, decay: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}
