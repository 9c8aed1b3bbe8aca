// Optimisers over a module's flat planes: one dispatch a module, whatever its number of tensors.
import { adamw } from "../../../kernels/adamw.ts";
import { chunkReduction } from "../../../kernels/chunks.ts";
import { exponentialAverage } from "../../../kernels/exponentialAverage.ts";
import { sgd } from "../../../kernels/sgd.ts";
import { sumOfSquares } from "../../../kernels/sumOfSquares.ts";
import type { ParameterSet, PlaneName } from "../parameters.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { sumParts } from "./reduction.ts";

export interface SgdOptions {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly weightDecay: number;
  /** Global norm that gradients are scaled down to (arXiv 1211.5063); 0: never. */
  readonly clipNorm: number;
}

export interface AdamwOptions {
  readonly kind: "adamw";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}

export type OptimizerOptions = SgdOptions | AdamwOptions;

/**
 * What an optimiser's `schedule` input holds at a step: the learning rate, and for AdamW the bias corrections
 * 1 − betaᵗ, taken on the host because float32 loses them.
 * @param step from 1.
 */
export function scheduleValues(
  options: OptimizerOptions,
  rate: number,
  step: number,
): Float32Array<ArrayBuffer> {
  if (options.kind === "sgd") return Float32Array.of(rate);
  return Float32Array.of(rate, 1 - options.beta1 ** step, 1 - options.beta2 ** step);
}

/** Number of values in `schedule`. */
export const scheduleLength = (options: OptimizerOptions): number => (options.kind === "sgd" ? 1 : 3);

/** Squared norm of the gradients of all sets together → [1]. */
export function squaredGradientNorm(tape: Tape, sets: readonly ParameterSet[]): Tensor {
  const parts = sets.map((set) => {
    const x = tape.plane(set, "gradients");
    const length = x.shape[0];
    return tape.apply(sumOfSquares, { length, ...chunkReduction(length) }, { x }).y;
  });
  return sumParts(tape, parts, [1]);
}

/**
 * One step for every set, from its `gradients` plane.
 * @param schedule see `scheduleValues`.
 * @returns the squared norm of all gradients before clipping, [1].
 */
export function optimize(
  tape: Tape,
  sets: readonly ParameterSet[],
  schedule: Tensor,
  options: OptimizerOptions,
): Tensor {
  const squaredNorm = tape.scope("gradient norm", () => squaredGradientNorm(tape, sets));
  for (const set of sets)
    tape.scope(`optimiser ${set.name}`, () => step(tape, set, squaredNorm, schedule, options));
  return squaredNorm;
}

function step(
  tape: Tape,
  set: ParameterSet,
  squaredNorm: Tensor,
  schedule: Tensor,
  options: OptimizerOptions,
): void {
  const length = set.parameters.length;
  const plane = (name: PlaneName) => tape.plane(set, name);
  const given = {
    gradients: plane("gradients"),
    decay: plane("decay"),
    squaredNorm,
    schedule,
    values: plane("values"),
    momentum: plane("momentum"),
  };
  if (options.kind === "sgd") {
    const { kind, ...parameters } = options;
    tape.apply(sgd, { length, ...parameters }, given);
  } else {
    const { kind, ...parameters } = options;
    tape.apply(adamw, { length, ...parameters }, { ...given, secondMoment: plane("secondMoment") });
  }
}

/**
 * Moves the averages of every set's parameters and running statistics on by one step.
 * @param rate [1]: 1 − decay, taken on the host because float32 loses it.
 */
export function averageParameters(tape: Tape, sets: readonly ParameterSet[], rate: Tensor): void {
  const pairs = [
    ["values", "average"],
    ["statistics", "averageStatistics"],
  ] as const;
  for (const set of sets)
    for (const [from, to] of pairs) {
      const values = tape.plane(set, from);
      const length = values.shape[0];
      if (length === 0) continue;
      tape.scope(`average ${set.name}`, () =>
        tape.apply(exponentialAverage, { length }, { values, rate, average: tape.plane(set, to) }),
      );
    }
}
