// Reads feature pyramids back, to look at what networks represent: only outside the training step.
import { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Batch } from "../data/batch.ts";
import type { PairLoader } from "../data/loader.ts";
import type { Engine } from "../engine/engine.ts";
import { compile, type Program } from "../engine/program.ts";
import {
  covarianceSpectrum,
  effectiveRank,
  type FeatureMap,
  meanCosine,
  meanSquaredError,
} from "../evaluate/similarity.ts";
import { inputsOf } from "../train/step.ts";
import { BatchInputs, type BatchShape } from "../train/task.ts";
import { hostInputs, type Scalars } from "../train/trainer.ts";
import type { RegimeModule } from "./modules.ts";

/** By level name: P3, P4, … */
type PyramidMaps = Readonly<Record<string, FeatureMap>>;

/** The pyramids of some feature networks on the same batch, each on its own image. */
export class PyramidProbe {
  private constructor(
    private readonly program: Program,
    private readonly levels: readonly {
      readonly network: string;
      readonly level: string;
      readonly tensor: Tensor;
    }[],
  ) {}

  /** @param averaged probe the averages that training keeps, rather than the parameters themselves. */
  static async create(
    engine: Engine,
    networks: readonly RegimeModule[],
    shape: BatchShape,
    averaged: boolean,
  ): Promise<PyramidProbe> {
    const tape = new Tape();
    const batch = new BatchInputs(tape, shape);
    const mode = { normalization: "frozen", trainable: false, averaged } as const;
    const levels = networks.flatMap((module) => {
      return module.pyramid(batch, mode).map((tensor, index) => ({
        network: module.set.name,
        level: `P${module.config.minLevel + index}`,
        tensor,
      }));
    });
    const outputs = Object.fromEntries(
      levels.map(({ network, level, tensor }) => [`${network} ${level}`, tensor]),
    );
    const name = networks.map(({ set }) => set.name).join(" and ");
    return new PyramidProbe(await compile(engine, `${name}, pyramids`, tape, outputs), levels);
  }

  /** Every network's pyramid of a batch, by the network's name. */
  async pyramids(batch: Batch): Promise<Readonly<Record<string, PyramidMaps>>> {
    const outputs = await this.program.run(inputsOf(this.program, hostInputs(batch)));
    const pyramids: Record<string, Record<string, FeatureMap>> = {};
    for (const { network, level, tensor } of this.levels)
      (pyramids[network] ??= {})[level] = { shape: tensor.shape, data: outputs[`${network} ${level}`] };
    return pyramids;
  }

  release(): void {
    this.program.release();
  }
}

/** Effective rank of every level over the locations of a batch. */
export function effectiveRanks(maps: PyramidMaps): Scalars {
  return Object.fromEntries(
    Object.entries(maps).map(([level, map]) => [level, effectiveRank(covarianceSpectrum(map))]),
  );
}

/** One level of the student's pyramid against the teacher's. */
export interface LevelSimilarity {
  readonly mse: number;
  readonly cosine: number;
  readonly studentRank: number;
  readonly teacherRank: number;
}

/**
 * How near a student's pyramid comes to a teacher's: mean squared error and cosine over all batches of a loader,
 * effective ranks over the first.
 */
export async function comparePyramids(
  engine: Engine,
  student: RegimeModule,
  teacher: RegimeModule,
  loader: PairLoader,
  shape: BatchShape,
): Promise<Record<string, LevelSimilarity>> {
  const probe = await PyramidProbe.create(engine, [student, teacher], shape, false);
  const sums: Record<string, LevelSimilarity> = {};
  try {
    for await (const batch of loader.batches(0)) {
      const pyramids = await probe.pyramids(batch);
      const [ours, theirs] = [pyramids[student.set.name], pyramids[teacher.set.name]];
      for (const level of Object.keys(ours)) {
        const [a, b] = [ours[level], theirs[level]];
        const share = 1 / loader.batchesPerEpoch;
        const known = sums[level] ?? {
          mse: 0,
          cosine: 0,
          studentRank: effectiveRank(covarianceSpectrum(a)),
          teacherRank: effectiveRank(covarianceSpectrum(b)),
        };
        sums[level] = {
          ...known,
          mse: known.mse + share * meanSquaredError(a, b),
          cosine: known.cosine + share * meanCosine(a, b),
        };
      }
    }
  } finally {
    probe.release();
  }
  return sums;
}
