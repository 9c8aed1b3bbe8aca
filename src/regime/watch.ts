// What is watched while training, as plain sentences when something trips.
import type { EpochReport, Scalars } from "../train/trainer.ts";

export interface WatchedEpoch {
  readonly batchStatistics: boolean;
  readonly training: Scalars;
  readonly validation: Scalars;
  /** Effective rank of every pyramid level. */
  readonly ranks: Scalars;
}

/** Validation has stayed this far above its best for two epochs while training fell: over-fitting. */
const overfittingRatio = 1.25;
/** A pyramid level that uses fewer directions than this has collapsed. */
const leastRank = 2;
/** A student that explains less than this share of the first epoch's error, after half of its epochs, is not learning. */
const leastDistilled = 0.05;

/** Of the epochs in which training normalises as validation does: the others' losses cannot be compared. */
function overfitting(all: readonly WatchedEpoch[]): string | undefined {
  const history = all.filter(({ batchStatistics }) => !batchStatistics);
  if (history.length < 3) return undefined;
  const best = history.reduce((lowest, epoch) =>
    epoch.validation.loss < lowest.validation.loss ? epoch : lowest,
  );
  const lately = history.slice(-2);
  const apart = lately.every(
    ({ training, validation }) =>
      validation.loss > overfittingRatio * best.validation.loss && training.loss < best.training.loss,
  );
  if (!apart) return undefined;
  const { training, validation } = lately[1];
  return `over-fitting: the training loss fell to ${training.loss.toPrecision(3)}, the validation loss is ${validation.loss.toPrecision(3)} after a best of ${best.validation.loss.toPrecision(3)} in epoch ${all.indexOf(best) + 1}; fewer epochs, more data or more augmentation would help`;
}

function collapse({ ranks }: WatchedEpoch): string | undefined {
  const collapsed = Object.entries(ranks).filter(([, rank]) => rank < leastRank);
  if (collapsed.length === 0) return undefined;
  const list = collapsed.map(([level, rank]) => `${level} ${rank.toFixed(2)}`).join(", ");
  return `representation collapse: the effective rank is below ${leastRank} at ${list}`;
}

function notDistilling(history: readonly WatchedEpoch[], epochs: number): string | undefined {
  if (history.length < Math.max(2, epochs / 2)) return undefined;
  const first = history[0].validation;
  const last = history[history.length - 1].validation;
  if (last.loss < (1 - leastDistilled) * first.loss) return undefined;
  const cosines = Object.entries(last)
    .filter(([name]) => name.endsWith("cosine"))
    .map(([name, distance]) => `${name.replace(" cosine", "")} ${(1 - distance).toFixed(3)}`);
  return `distillation is not converging: h'_sm is no closer to h_ffdm than after the first epoch (loss ${first.loss.toPrecision(3)}, now ${last.loss.toPrecision(3)}; cosine ${cosines.join(", ")})`;
}

/** Watches one task from epoch to epoch; each kind of warning is given once. */
export class Watch {
  readonly #history: WatchedEpoch[] = [];
  readonly #given = new Set<string>();

  constructor(private readonly stage: 1 | 2 | 3) {}

  /** @returns what is new to say after an epoch. */
  after(report: EpochReport, ranks: Scalars): string[] {
    const { batchStatistics, training, validation } = report;
    this.#history.push({ batchStatistics, training, validation, ranks });
    const found = {
      overfitting: overfitting(this.#history),
      collapse: collapse(this.#history[this.#history.length - 1]),
      distillation: this.stage === 2 ? notDistilling(this.#history, report.epochs) : undefined,
    };
    return Object.entries(found).flatMap(([kind, warning]) => {
      if (!warning || this.#given.has(kind)) return [];
      this.#given.add(kind);
      return [warning];
    });
  }
}
