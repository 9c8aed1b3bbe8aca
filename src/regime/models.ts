// The models that a run compares: heads over the pyramids of one or more feature networks.
import type { LayerMode } from "../autograd/layers.ts";
import { add, scale } from "../autograd/operations/arithmetic.ts";
import { concatChannels } from "../autograd/operations/concatenation.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { DetectorConfig } from "../detector/config.ts";
import type { Predictions } from "../detector/heads.ts";
import type { BatchInputs, Modality } from "../train/task.ts";
import type { Config } from "./config.ts";
import type { ModelDesign } from "./design.ts";
import { branchNames, headNames, isFineTuned, type Modules, type RegimeModule } from "./modules.ts";

/** How a module runs that is not being trained. */
export const frozen: LayerMode = { normalization: "frozen", trainable: false };

export class Model {
  private constructor(
    /** As the results table names it. */
    readonly name: string,
    readonly fusion: ModelDesign["fusion"],
    readonly branches: readonly RegimeModule[],
    /** One, or one a branch. */
    readonly heads: readonly RegimeModule[],
    /** Whether its branches are copies that are trained along with its heads. */
    readonly fineTuned: boolean,
  ) {}

  static of(name: string, design: ModelDesign, modules: Modules, config: Config): Model {
    const fineTuned = isFineTuned(design, config);
    const branches = branchNames(name, design, fineTuned).map((branch) => modules[branch]);
    const heads = headNames(name, design).map((head) => modules[head]);
    return new Model(name, design.fusion, branches, heads, fineTuned);
  }

  /** Names of the modules whose checkpoints it needs, its heads first. */
  get modules(): string[] {
    return [...new Set([...this.heads, ...this.branches].map(({ set }) => set.name))];
  }

  /** The image whose annotations it is judged by. */
  get modality(): Modality {
    return this.branches[0].modality;
  }

  get config(): DetectorConfig {
    return this.heads[0].config;
  }

  /** Class logits and box codes of a batch. */
  predictions(batch: BatchInputs, headMode: LayerMode, branchMode: LayerMode): Predictions {
    const { tape } = batch;
    const pyramids = this.branches.map((branch) => branch.pyramid(batch, branchMode));
    const streams = this.#fuse(tape, pyramids, headMode);
    return mean(
      tape,
      streams.map((levels, index) => this.heads[index].predictions(tape, levels, headMode)),
    );
  }

  /** What the heads look at, a pyramid each. */
  #fuse(tape: Tape, pyramids: readonly (readonly Tensor[])[], mode: LayerMode): (readonly Tensor[])[] {
    const [first, ...others] = pyramids;
    const levelwise = (join: (level: Tensor, others: readonly Tensor[]) => Tensor) => [
      first.map((level, index) =>
        tape.scope(`fusion level ${index}`, () =>
          join(
            level,
            others.map((levels) => levels[index]),
          ),
        ),
      ),
    ];
    if (this.fusion === "concat")
      return levelwise((level, rest) => rest.reduce((all, next) => concatChannels(tape, all, next), level));
    if (this.fusion === "gated")
      return levelwise((level, [second]) => this.heads[0].gate(tape, level, second, mode));
    return [...pyramids];
  }
}

/** Of logits, that is a geometric mean of the odds; of codes, of boxes around the same anchors. */
function mean(tape: Tape, predictions: readonly Predictions[]): Predictions {
  const average = (pick: (one: Predictions) => Tensor) =>
    scale(
      tape,
      predictions.map(pick).reduce((sum, next) => add(tape, sum, next)),
      1 / predictions.length,
    );
  return {
    classLogits: average(({ classLogits }) => classLogits),
    boxCodes: average(({ boxCodes }) => boxCodes),
  };
}

/** In the order of the configuration. */
export function comparedModels(modules: Modules, config: Config): Model[] {
  return Object.entries(config.models).map(([name, design]) => Model.of(name, design, modules, config));
}
