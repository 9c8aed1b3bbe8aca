// A program that images breasts: one for all views of a set, as whatever differs between them is an input.
import { Tape } from "../autograd/tape.ts";
import type { Engine } from "../engine/engine.ts";
import { compile, type Outputs, type Program } from "../engine/program.ts";
import {
  acquisitionInputs,
  defaultReconstruction,
  type ReconstructionOptions,
  recordAcquisition,
  volumeMargin,
} from "./acquire.ts";
import { type Anatomy, anatomyInputs, type PlacedLesion, recordAnatomy } from "./anatomy.ts";
import type { VoxelGrid } from "./grid.ts";
import type { System } from "./systems.ts";

export interface ImagingOptions {
  /** Pixels of both pictures; rows and columns are multiples of the system's binning. */
  readonly rows: number;
  readonly columns: number;
  /** Side of a pixel at mid-height, mm. */
  readonly spacing: number;
  readonly system: System;
  readonly reconstruction?: ReconstructionOptions;
  /** Rows of tissue before and behind the pictures; default what the system's rays need. The tissue depends on it. */
  readonly margin?: number;
}

/** Slices that a breast is cut into, whatever its thickness: 1.5 to 2.5 mm each. */
const voxelSlices = 24;

type Rendered = "ffdmIdeal" | "ffdm" | "ffdmEqual" | "sm" | "smMean" | "slices";

/** See `Acquired`; all rows × columns but the slices, which are empty unless they are wanted. */
export type RenderedPlanes = Outputs<Rendered>;

/** Both pictures of one view, from the anatomy's random fields to the presented planes. */
export function recordPair(options: ImagingOptions) {
  const { rows, columns, spacing, system, reconstruction = defaultReconstruction } = options;
  const { margin = volumeMargin(system, spacing) } = options;
  const grid = { slices: voxelSlices, rows, columns, spacing, margin };
  const tape = new Tape();
  const { ffdmIdeal, ffdm, ffdmEqual, sm, smMean, slices } = recordAcquisition(
    tape,
    tape.scope("anatomy", () => recordAnatomy(tape, grid)),
    grid,
    system,
    reconstruction,
  );
  const outputs = { ffdmIdeal, ffdm, ffdmEqual, sm, smMean, slices: slices ?? tape.zeros(1) };
  return { tape, outputs, grid };
}

export class PairRenderer {
  private constructor(
    readonly grid: VoxelGrid,
    readonly system: System,
    private readonly program: Program<Rendered>,
  ) {}

  static async create(engine: Engine, options: ImagingOptions): Promise<PairRenderer> {
    const { tape, outputs, grid } = recordPair(options);
    return new PairRenderer(grid, options.system, await compile(engine, "pairs of a phantom", tape, outputs));
  }

  /**
   * Images a breast with the given ones of its lesions. The same anatomy and seed give the same noise, whatever lesions are
   * there. @param exposure names the exposures' random numbers.
   */
  render(
    anatomy: Anatomy,
    lesions: readonly PlacedLesion[],
    exposure: { readonly seed: number; readonly name: string },
  ): Promise<RenderedPlanes> {
    return this.program.run({
      ...anatomyInputs(anatomy, lesions),
      ...acquisitionInputs(this.grid, this.system, anatomy.breast.thickness, exposure),
    });
  }

  describe(): string {
    return this.program.describe();
  }

  release(): void {
    this.program.release();
  }
}
