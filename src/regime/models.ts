// The five models that a run compares, and their detections on a set of pairs.
import { foldBatchNorms } from "../autograd/foldBatchNorms.ts";
import { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type Annotation, boxAt } from "../base/boxes.ts";
import type { Batch } from "../data/batch.ts";
import type { PairLoader } from "../data/loader.ts";
import type { PairRecord } from "../data/manifest.ts";
import { detectorOutputs, recordDetection } from "../detector/inference.ts";
import type { DetectorModule } from "../detector/module.ts";
import { type PostprocessOptions, postprocess } from "../detector/postprocess.ts";
import type { Engine } from "../engine/engine.ts";
import { compile } from "../engine/program.ts";
import type { ImageResult } from "../evaluate/detection.ts";
import { inputsOf } from "../train/step.ts";
import { BatchInputs, type BatchShape, type Modality } from "../train/task.ts";
import { hostInputs } from "../train/trainer.ts";
import { type Modules, modalityOf, predictorSpecs } from "./modules.ts";
import { branchesOf, frozen, fusePyramids } from "./stages.ts";

export interface Model {
  /** As the results table names it. */
  readonly name: string;
  /** Modules whose checkpoints it needs. */
  readonly modules: readonly string[];
  /** The image whose annotations it is judged by. */
  readonly modality: Modality;
  readonly heads: DetectorModule;
  levels(tape: Tape, batch: BatchInputs): readonly Tensor[];
}

/** Model_sm and Model_ffdm are A and C with their own heads; the others are predictors over two pyramids. */
export function comparedModels(modules: Modules, fineTune: boolean): Model[] {
  const single = (name: string, module: string): Model => ({
    name,
    modules: [module],
    modality: modalityOf(module),
    heads: modules[module],
    levels: (tape, batch) => modules[module].features(tape, batch.image(modalityOf(module)), frozen),
  });
  const predictors = predictorSpecs.map((spec): Model => {
    const branches = branchesOf(modules, spec, fineTune);
    return {
      name: spec.model,
      modules: [spec.name, ...branches.map(({ module }) => module.set.name)],
      modality: branches[0].modality,
      heads: modules[spec.name],
      levels: (tape, batch) => fusePyramids(tape, branches, (modality) => batch.image(modality), frozen),
    };
  });
  return [single("model_sm", "module_a"), single("model_ffdm", "module_c"), ...predictors];
}

/** A model's detections as its layers say them, batch norms and all: what is exported. */
export function recordModel(model: Model, shape: BatchShape) {
  const tape = new Tape();
  const batch = new BatchInputs(tape, shape);
  const predictions = model.heads.predictions(tape, model.levels(tape, batch), frozen);
  const outputs = recordDetection(tape, model.heads.config, batch.image(model.modality), predictions);
  return { tape, outputs };
}

/** A model's inference, batch norms folded. Its outputs are what `detectorOutputs` reads. */
export function recordInference(model: Model, shape: BatchShape) {
  const recorded = recordModel(model, shape);
  foldBatchNorms(recorded.tape, Object.values(recorded.outputs));
  return recorded;
}

/** The annotations of one image of a batch. */
function annotationsOf(
  { classes, ...batch }: Batch,
  modality: Modality,
  image: number,
  maxBoxes: number,
): Annotation[] {
  const boxes = batch[`${modality}Boxes`];
  const rows = Array.from({ length: maxBoxes }, (_, row) => image * maxBoxes + row);
  return rows
    .filter((row) => classes[row] >= 0)
    .map((row) => ({ box: boxAt(boxes, row), label: classes[row] }));
}

/**
 * A model's detections on every pair of a loader, in the loader's order, beside the annotations of the image that it
 * is judged by. The model's modules must be in the engine's planes.
 */
export async function detect(
  engine: Engine,
  model: Model,
  loader: PairLoader,
  pairs: readonly PairRecord[],
  shape: BatchShape,
  options: PostprocessOptions,
  onBatch: (images: number) => void,
): Promise<ImageResult[]> {
  const { tape, outputs: read } = recordInference(model, shape);
  const program = await compile(engine, `${model.name}, inference`, tape, read);
  const results: ImageResult[] = [];
  try {
    for await (const batch of loader.batches(0)) {
      const outputs = await program.run(inputsOf(program, hostInputs(batch)));
      batch.indices.forEach((index, image) => {
        const own = detectorOutputs(model.heads.config, outputs, shape, image);
        results.push({
          patient: pairs[index].patient,
          annotations: annotationsOf(batch, model.modality, image, shape.maxBoxes),
          detections: postprocess(own, { clip: shape, ...options }),
        });
      });
      onBatch(batch.indices.length);
    }
  } finally {
    program.release();
  }
  return results;
}
