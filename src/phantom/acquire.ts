// Two exposures of one compressed breast, on the tape: a mammogram at full dose, and the views of tomosynthesis with the
// slices and the synthetic mammogram that are made of them.
import { automaticExposure } from "../../kernels/automaticExposure.ts";
import { backProject } from "../../kernels/backProject.ts";
import { batchNormMoments } from "../../kernels/batchNormMoments.ts";
import { breastMask } from "../../kernels/breastMask.ts";
import { equaliseThickness } from "../../kernels/equaliseThickness.ts";
import { filterLines } from "../../kernels/filterLines.ts";
import { maximumProjection } from "../../kernels/maximumProjection.ts";
import { projectSpheres } from "../../kernels/projectSpheres.ts";
import { projectVolume } from "../../kernels/projectVolume.ts";
import { readOut } from "../../kernels/readOut.ts";
import { shellFilter } from "../../kernels/shellFilter.ts";
import { transmit } from "../../kernels/transmit.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { RandomStream } from "../base/random.ts";
import type { Inputs } from "../engine/program.ts";
import {
  anglesOf,
  detectorMargin,
  frameInput,
  frameOf,
  magnificationOf,
  slantsOf,
  sourcesOf,
  verticalSource,
} from "./geometry.ts";
import type { VoxelGrid } from "./grid.ts";
import { attenuation } from "./materials.ts";
import { binsOf, electronicNoise, fluence, type System } from "./systems.ts";
import { gaussianTaps, rampTaps, responseOf } from "./taps.ts";

/** How slices and a synthetic mammogram are made of the views. */
export interface ReconstructionOptions {
  /** Reconstructed slices, evenly over the thickness. */
  readonly slices: number;
  /** `filtered`: back-projection of ramp-filtered views; `algebraic`: SART, `iterations` passes over all views together. */
  readonly method: "filtered" | "algebraic";
  readonly iterations: number;
  /**
   * `projection`: low-pass projection plus the maximum of high-pass slices (Hong et al., AAPM 2015); `shell`: the maximum over
   * depth of slices under a ball-and-shell filter (Klein et al., IEEE TMI 2023, as T-SYNTH has it).
   */
  readonly recipe: "projection" | "shell";
  /** Whether the slices are wanted, where the synthetic mammogram does not need them. */
  readonly volume: boolean;
}

export const defaultReconstruction: ReconstructionOptions = {
  slices: 16,
  method: "filtered",
  iterations: 3,
  recipe: "projection",
  volume: false,
};

/**
 * Ours: vendors' recipes are not published. The fine part has half again the contrast that it has in the views at half the
 * Nyquist frequency, as products make calcifications plainer.
 */
const synthesis = { split: 1, detail: 1.5, coarseSlices: 4 };
/** Below this line integral there is no breast: 6 mm of fat. */
export const airLimit = 0.3;
/** Standard deviation in mm of the blur that thickness is judged on. */
const judgedOver = 1.5;
/** The thickest breast that a program's margins are made for, mm. */
export const thickestBreast = 60;
/** Radius in voxels of the ball in T-SYNTH's filter. */
const shellRadius = 4;

export interface Acquired {
  /**
   * The mammogram in line integrals [1, rows, columns]: what it would be without blur and noise, as read, and with the breast's
   * edge and the air filled up.
   */
  readonly ffdmIdeal: Tensor;
  readonly ffdm: Tensor;
  readonly ffdmEqual: Tensor;
  /** Views, over their slant [views, bins, bins]. */
  readonly views: Tensor;
  /** [slices, rows, columns], where they were made. */
  readonly slices: Tensor | undefined;
  /** The synthetic mammogram [1, rows, columns], edge and air filled up, and where it shows breast: the views' mean. */
  readonly sm: Tensor;
  readonly smMean: Tensor;
}

/** Rows that a volume must have before and behind the image for a system's rays. */
export const volumeMargin = (system: System, spacing: number): number =>
  2 * detectorMargin(system, spacing, thickestBreast) * binsOf(system, spacing);

/**
 * Of the reconstruction's filter: the thickness that its ramp is made for (ours), what bounds its bandwidth, what a slice stands
 * for, and how far the filter reaches, all in mm.
 */
const ramp = { thickness: 50, cutoff: 1.35, sliceThickness: 3, reach: 8 };

/** Planes [planes, rows, columns], and the side of their pixels in mm. */
interface Planes {
  readonly tensor: Tensor;
  readonly pixel: number;
}

type Axis = "rows" | "columns";

interface Exposure {
  /** Photons of a pixel of the open field in the mammogram, and this exposure's share of them. */
  readonly open: Tensor;
  readonly share: number;
  /** Pixels along a bin's side, and native ones along a read-out's. */
  readonly bin: number;
  readonly binning: number;
  /** Standard deviations in mm along rows and columns. */
  readonly blur: readonly [down: number, across: number];
  readonly key: Tensor;
}

class Recorder {
  readonly frame: Tensor;
  readonly #margin: number;

  constructor(
    readonly tape: Tape,
    private readonly mu: Tensor,
    private readonly spheres: Tensor,
    private readonly grid: VoxelGrid,
    private readonly system: System,
  ) {
    this.frame = tape.input("frame", [4]);
    this.#margin = detectorMargin(system, grid.spacing, thickestBreast);
  }

  /** Line integrals [views, rows, columns] through tissue and spheres. @param margin rows of the detector beyond the image. */
  project(sources: Tensor, margin: number): Tensor {
    const { spacing, slices, rows, columns } = this.grid;
    const [views] = sources.shape;
    const detector = { views, rows: rows + 2 * margin, columns, margin, pixel: spacing };
    const volume = {
      slices,
      volumeRows: rows + 2 * this.grid.margin,
      volumeColumns: columns,
      volumeMargin: this.grid.margin,
      spacing,
      residual: false,
    };
    const { frame } = this;
    const given = { volume: this.mu, readings: this.tape.zeros(1), frame, sources };
    const { y } = this.tape.apply(projectVolume, { ...detector, ...volume }, given);
    const [count] = this.spheres.shape;
    const spheres = { ...detector, spheres: count };
    return this.tape.apply(projectSpheres, spheres, { spheres: this.spheres, frame, sources, y }).y;
  }

  /** @param kernels one for all planes, or as many as planes. */
  filter(x: Tensor, axis: Axis, kernels: readonly Float32Array[], minuend?: Tensor): Tensor {
    const [planes, rows, columns] = x.shape;
    const [{ length: taps }] = kernels;
    const shape =
      axis === "rows"
        ? { outer: planes, length: rows, inner: columns }
        : { outer: planes * rows, length: columns, inner: 1 };
    const values = Float32Array.from(kernels.flatMap((kernel) => [...kernel]));
    const kernel = this.tape.constant(`${axis} filter`, [kernels.length, taps], values);
    const given = { x, kernel, minuend: minuend ?? this.tape.zeros(1) };
    const parameters = { ...shape, taps, kernels: kernels.length, complement: minuend !== undefined };
    return this.tape.apply(filterLines, parameters, given, { y: x.shape }).y;
  }

  /** Blurred by a Gaussian along both axes. @param sigma in mm, along rows and columns. */
  blur({ tensor, pixel }: Planes, [down, across]: readonly [number, number]): Tensor {
    const along = this.filter(tensor, "columns", [gaussianTaps(across / pixel)]);
    return this.filter(along, "rows", [gaussianTaps(down / pixel)]);
  }

  /** What the detector reads of line integrals, as line integrals. */
  expose(integrals: Tensor, { open, share, bin, binning, blur, key }: Exposure, factors: Tensor): Tensor {
    const { spacing } = this.grid;
    const [planes, rows, columns] = integrals.shape;
    const length = planes * rows * columns;
    const { y: sharp } = this.tape.apply(
      transmit,
      { length, share },
      { x: integrals, open },
      { y: integrals.shape },
    );
    const photons = this.blur({ tensor: sharp, pixel: spacing }, blur);
    const noise = electronicNoise(this.system, spacing * bin, binning);
    const bins = { planes, rows: rows / bin, columns: columns / bin };
    const parameters = { ...bins, bin, noise, share, quiet: false };
    return this.tape.apply(readOut, parameters, { photons, open, key, factors }).y;
  }

  mammogram(): { ideal: Tensor; ffdm: Tensor; open: Tensor } {
    const { rows, columns, spacing } = this.grid;
    const { detectorBlur, focalSpot } = this.system;
    const ideal = this.project(this.tape.input("verticalSource", [1, 4]), 0);
    const exposure = { length: rows * columns, behind: fluence * spacing ** 2, limit: airLimit };
    const { open } = this.tape.apply(automaticExposure, exposure, { x: ideal });
    const shadow = focalSpotBlur(this.system, this.grid, focalSpot);
    const sigma = Math.hypot(detectorBlur, shadow);
    const key = this.tape.input("mammogramKey", [1], "u32");
    const settings = { open, share: 1, bin: 1, binning: 1, blur: [sigma, sigma] as const, key };
    const ffdm = this.expose(ideal, settings, this.tape.constant("one", [1], Float32Array.of(1)));
    return { ideal, ffdm, open };
  }

  /** The views in line integrals over their slant, so that a flat slab looks alike in all. */
  views(open: Tensor, sources: Tensor): Planes {
    const { system, grid } = this;
    const { views, binning, doseRatio, detectorBlur, focalSpot, motion, sourceToDetector } = system;
    const bin = binsOf(system, grid.spacing);
    const integrals = this.project(sources, this.#margin * bin);
    const travel = sourceToDetector * ((motion * Math.PI) / 180);
    const across = Math.hypot(detectorBlur, focalSpotBlur(system, grid, focalSpot));
    const down = Math.hypot(across, focalSpotBlur(system, grid, travel));
    const factors = Float32Array.from(slantsOf(anglesOf(system)), (slant) => 1 / slant);
    const exposure = {
      open,
      share: doseRatio / views,
      bin,
      binning,
      blur: [down, across] as const,
      key: this.tape.input("viewsKey", [1], "u32"),
    };
    const tensor = this.expose(integrals, exposure, this.tape.constant("slants", [views], factors));
    return { tensor, pixel: grid.spacing * bin };
  }

  /** Filled up at the edge and in air, so that filters meet no cliff at the skin. */
  equalise({ tensor: x, pixel }: Planes): Planes {
    const [views, rows, columns] = x.shape;
    const length = views * rows * columns;
    const masked = this.tape.apply(
      breastMask,
      { length, limit: airLimit },
      { x },
      { y: [2 * views, rows, columns] },
    ).y;
    const blurred = this.blur({ tensor: masked, pixel }, [judgedOver, judgedOver]);
    const parameters = { length, fat: attenuation.adipose, limit: airLimit };
    const { y: tensor } = this.tape.apply(
      equaliseThickness,
      parameters,
      { x, blurred, frame: this.frame },
      { y: x.shape },
    );
    return { tensor, pixel };
  }

  backProject(
    { tensor: x, pixel }: Planes,
    sources: Tensor,
    slices: number,
    scale = 1,
    addend?: Tensor,
  ): Tensor {
    const [views, detectorRows, detectorColumns] = x.shape;
    const { rows, columns, spacing } = this.grid;
    const detector = { views, detectorRows, detectorColumns, detectorMargin: this.#margin, pixel };
    const target = { slices, rows, columns, margin: 0, spacing, scale, adds: addend !== undefined };
    const given = { x, frame: this.frame, sources, addend: addend ?? this.tape.zeros(1) };
    return this.tape.apply(backProject, { ...detector, ...target }, given).y;
  }

  /** Simultaneous algebraic reconstruction: what the measured views exceed those of the slices by is spread back. */
  algebraic(views: Planes, sources: Tensor, { slices, iterations }: ReconstructionOptions): Tensor {
    const { rows, columns, spacing } = this.grid;
    const [count, detectorRows, detectorColumns] = views.tensor.shape;
    const detector = {
      views: count,
      rows: detectorRows,
      columns: detectorColumns,
      margin: this.#margin,
      pixel: views.pixel,
    };
    const volume = {
      slices,
      volumeRows: rows,
      volumeColumns: columns,
      volumeMargin: 0,
      spacing,
      residual: true,
    };
    let estimate = this.tape.constant(
      "nothing",
      [slices, rows, columns],
      new Float32Array(slices * rows * columns),
    );
    for (let pass = 0; pass < iterations; pass++) {
      const given = { volume: estimate, readings: views.tensor, frame: this.frame, sources };
      const { y } = this.tape.apply(projectVolume, { ...detector, ...volume }, given);
      estimate = this.backProject({ tensor: y, pixel: views.pixel }, sources, slices, 1, estimate);
    }
    return estimate;
  }

  /** Each view's filter along the travel. */
  rampKernels({ pixel }: Planes): Float32Array[] {
    const { thickness, reach } = ramp;
    const spacing = pixel / magnificationOf(this.system, this.grid, thickness);
    const options = { ...ramp, spacing, span: (this.system.span * Math.PI) / 180 };
    return anglesOf(this.system).map((angle) =>
      rampTaps(options, Math.tan((angle * Math.PI) / 180), Math.ceil(reach / spacing)),
    );
  }

  reconstruct(views: Planes, sources: Tensor, options: ReconstructionOptions): Tensor {
    if (options.method === "algebraic") return this.algebraic(views, sources, options);
    const tensor = this.filter(views.tensor, "rows", this.rampKernels(views));
    return this.backProject({ ...views, tensor }, sources, options.slices);
  }

  synthesise(fine: Tensor, coarse: Tensor | undefined, detail: number): Tensor {
    const [slices, rows, columns] = fine.shape;
    const parameters = {
      pixels: rows * columns,
      slices,
      coarseSlices: coarse?.shape[0] ?? 0,
      detail,
    };
    const given = { fine, coarse: coarse ?? this.tape.zeros(1) };
    return this.tape.apply(maximumProjection, parameters, given, { y: [1, rows, columns] }).y;
  }

  /** Low-pass projection plus the maximum over the height of high-pass, ramp-filtered slices. */
  projectionRecipe(views: Planes, sources: Tensor, slices: number): Tensor {
    const { split, detail, coarseSlices } = synthesis;
    const taps = [gaussianTaps(split / views.pixel)];
    const along = this.filter(views.tensor, "columns", taps);
    const coarse = { ...views, tensor: this.filter(along, "rows", taps) };
    const detailed = this.filter(along, "rows", taps, views.tensor);
    const kernels = this.rampKernels(views);
    const fine = { ...views, tensor: this.filter(detailed, "rows", kernels) };
    const gain = kernels.reduce((sum, kernel) => sum + responseOf(kernel, 0.25), 0) / kernels.length;
    return this.synthesise(
      this.backProject(fine, sources, slices),
      this.backProject(coarse, sources, coarseSlices),
      detail / gain,
    );
  }

  /** The maximum over the height of slices under T-SYNTH's filter. */
  shellRecipe(x: Tensor): Tensor {
    const [slices, rows, columns] = x.shape;
    const whole = { planes: 1, pixels: slices * rows * columns };
    const { moments } = this.tape.apply(batchNormMoments, whole, { x });
    const parameters = { slices, rows, columns, radius: shellRadius };
    return this.synthesise(this.tape.apply(shellFilter, parameters, { x, moments }).y, undefined, 1);
  }
}

/** Standard deviation in mm, at mid-height, of the shadow's blur by a source so wide. */
function focalSpotBlur(system: System, grid: VoxelGrid, width: number): number {
  const shadow =
    (width * (magnificationOf(system, grid, thickestBreast) - 1)) /
    magnificationOf(system, grid, thickestBreast);
  return shadow / Math.sqrt(12);
}

/**
 * Records both exposures of a volume of attenuation mu [slices, rows + 2·margin, columns] in 1/mm, with spheres [n, 5]. The
 * inputs are those of `acquisitionInputs`.
 */
export function recordAcquisition(
  tape: Tape,
  { mu, spheres }: { readonly mu: Tensor; readonly spheres: Tensor },
  grid: VoxelGrid,
  system: System,
  options: ReconstructionOptions = defaultReconstruction,
): Acquired {
  const recorder = new Recorder(tape, mu, spheres, grid, system);
  const { ideal: ffdmIdeal, ffdm, open } = tape.scope("mammogram", () => recorder.mammogram());
  const ffdmEqual = tape.scope(
    "mammogram",
    () => recorder.equalise({ tensor: ffdm, pixel: grid.spacing }).tensor,
  );
  const sources = tape.input("sources", [system.views, 4]);
  const views = tape.scope("tomosynthesis", () => recorder.views(open, sources));
  const equal = tape.scope("equalised", () => recorder.equalise(views));
  const wanted = options.volume || options.recipe === "shell";
  const slices = wanted
    ? tape.scope("slices", () => recorder.reconstruct(equal, sources, options))
    : undefined;
  const sm = tape.scope("synthetic", () =>
    slices && options.recipe === "shell"
      ? recorder.shellRecipe(slices)
      : recorder.projectionRecipe(equal, sources, options.slices),
  );
  const smMean = tape.scope("synthetic", () => recorder.backProject(views, sources, 1));
  return { ffdmIdeal, ffdm, ffdmEqual, views: views.tensor, slices, sm, smMean };
}

/** The inputs of `recordAcquisition` for one view of a breast. @param seed, name of its random numbers. */
export function acquisitionInputs(
  grid: VoxelGrid,
  system: System,
  thickness: number,
  { seed, name }: { readonly seed: number; readonly name: string },
): Inputs {
  const frame = frameOf(system, grid, thickness);
  const key = (part: string) => Uint32Array.of(new RandomStream(seed, `phantom/${name}/${part}`).key);
  return {
    frame: frameInput(frame),
    verticalSource: verticalSource(frame),
    sources: sourcesOf(system, frame, anglesOf(system)),
    mammogramKey: key("mammogram"),
    viewsKey: key("tomosynthesis"),
  };
}
