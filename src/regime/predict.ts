// A trained model on images of its own kind, file by file.
import type { Box } from "../base/boxes.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import type { GrayImage } from "../data/grayImage.ts";
import { readImage } from "../data/image.ts";
import { boxOnFile, prepareImage } from "../data/preprocess/single.ts";
import { detectorOutputs } from "../detector/inference.ts";
import { postprocess } from "../detector/postprocess.ts";
import type { Engine } from "../engine/engine.ts";
import { compile, type Program } from "../engine/program.ts";
import { loadModule } from "../train/checkpoint.ts";
import { inputsOf } from "../train/step.ts";
import { recordInference } from "./detect.ts";
import type { Model } from "./models.ts";
import type { TrainedRun } from "./trainedRun.ts";

export interface FoundLesion {
  readonly label: string;
  readonly score: number;
  /** yMin, xMin, yMax, xMax in pixels of the file. */
  readonly box: Box;
}

/** What became of one file. */
export type FilePrediction =
  | {
      readonly file: string;
      readonly image: GrayImage;
      /** The best first. */
      readonly lesions: readonly FoundLesion[];
      readonly warnings: readonly string[];
    }
  | { readonly file: string; readonly error: string };

export interface PredictOptions {
  readonly batch: number;
  /** Only lesions that score more are told. */
  readonly threshold: number;
}

type Prepared = ReturnType<typeof prepareImage> & { readonly file: string; readonly image: GrayImage };

class Predictor {
  private constructor(
    private readonly run: TrainedRun,
    private readonly model: Model,
    private readonly program: Program,
    private readonly options: PredictOptions,
  ) {}

  static async create(engine: Engine, run: TrainedRun, model: Model, options: PredictOptions) {
    const { tape, outputs } = recordInference(model, run.shape(options.batch));
    const images = tape.inputs.map(({ name }) => name);
    if (images.length > 1)
      throw new UserError(
        `model ${model.name}: sees ${images.join(" and ")} of a pair; predict takes models of one image`,
      );
    for (const name of model.modules)
      await loadModule(engine, run.modules[name].set, run.folder.checkpoint(name));
    const program = await compile(engine, `${model.name}, inference`, tape, outputs);
    return new Predictor(run, model, program, options);
  }

  async prepare(file: string): Promise<Prepared | { file: string; error: string }> {
    const { height, width } = this.run.shape(1);
    try {
      const image = await readImage(file);
      const marked = { image, boxes: [] };
      const laid = prepareImage(marked, file, height, width, this.run.folder.config.preprocess);
      return { ...laid, file, image };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { file, error: reasonOf(error) };
    }
  }

  /** @param images at most a batch. */
  async predict(images: readonly Prepared[]): Promise<FilePrediction[]> {
    const shape = this.run.shape(this.options.batch);
    const pixels = new Float32Array(shape.batch * shape.height * shape.width);
    for (const [slot, image] of images.entries()) pixels.set(image.pixels, slot * shape.height * shape.width);
    const outputs = await this.program.run(inputsOf(this.program, { sm: pixels, ffdm: pixels }));
    return images.map(({ file, image, steps, placement }, slot) => {
      const { nmsIou, maxDetections } = this.run.folder.config.evaluation;
      const settings = { clip: shape, nmsIou, maxDetections, scoreThreshold: this.options.threshold };
      const found = postprocess(detectorOutputs(this.model.config, outputs, shape, slot), settings);
      const lesions = found.map(({ label, score, box }) => ({
        label: this.run.folder.classes[label - 1],
        score,
        box: clip(boxOnFile(box, steps, placement), image),
      }));
      return { file, image, lesions, warnings: steps.warnings };
    });
  }

  release(): void {
    this.program.release();
  }
}

const clip = ([yMin, xMin, yMax, xMax]: Box, { height, width }: GrayImage): Box => [
  Math.max(yMin, 0),
  Math.max(xMin, 0),
  Math.min(yMax, height),
  Math.min(xMax, width),
];

/**
 * Lesions that a model of one image finds in files, in their order, a batch at a time. A file that cannot be used is told in
 * its place and stops nothing.
 * @throws UserError when the model sees both images of a pair.
 */
export async function* predictFiles(
  engine: Engine,
  run: TrainedRun,
  model: Model,
  files: readonly string[],
  options: PredictOptions,
): AsyncGenerator<FilePrediction> {
  const predictor = await Predictor.create(engine, run, model, options);
  try {
    for (let start = 0; start < files.length; start += options.batch) {
      const prepared = [];
      for (const file of files.slice(start, start + options.batch))
        prepared.push(await predictor.prepare(file));
      const predicted = await predictor.predict(prepared.filter((image) => "pixels" in image));
      for (const image of prepared) yield "error" in image ? image : (predicted.shift() as FilePrediction);
    }
  } finally {
    predictor.release();
  }
}
