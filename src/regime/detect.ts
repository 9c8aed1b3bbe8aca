// A model's inference: as a tape, and on a set of pairs.
import { foldBatchNorms } from "../autograd/foldBatchNorms.ts";
import { Tape } from "../autograd/tape.ts";
import { type Annotation, boxAt } from "../base/boxes.ts";
import type { Batch } from "../data/batch.ts";
import type { PairLoader } from "../data/loader.ts";
import type { PairRecord } from "../data/manifest.ts";
import { detectorOutputs, recordDetection } from "../detector/inference.ts";
import { type PostprocessOptions, postprocess } from "../detector/postprocess.ts";
import type { Engine } from "../engine/engine.ts";
import { compile } from "../engine/program.ts";
import type { ImageResult } from "../evaluate/detection.ts";
import { inputsOf } from "../train/step.ts";
import { BatchInputs, type BatchShape, type Modality } from "../train/task.ts";
import { hostInputs } from "../train/trainer.ts";
import { frozen, type Model } from "./models.ts";

/** A model's detections as its layers say them, batch norms and all: what is exported. */
export function recordModel(model: Model, shape: BatchShape) {
  const tape = new Tape();
  const batch = new BatchInputs(tape, shape);
  const predictions = model.predictions(batch, frozen, frozen);
  const outputs = recordDetection(tape, model.config, batch.image(model.modality), predictions);
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
 * @param onBatch is told of every batch's images, and how long the device took from upload to readback.
 */
export async function detect(
  engine: Engine,
  model: Model,
  loader: PairLoader,
  pairs: readonly PairRecord[],
  shape: BatchShape,
  options: PostprocessOptions,
  onBatch: (images: number, milliseconds: number) => void,
): Promise<ImageResult[]> {
  const { tape, outputs: read } = recordInference(model, shape);
  const program = await compile(engine, `${model.name}, inference`, tape, read);
  const results: ImageResult[] = [];
  try {
    for await (const batch of loader.batches(0)) {
      const started = performance.now();
      const outputs = await program.run(inputsOf(program, hostInputs(batch)));
      const milliseconds = performance.now() - started;
      batch.indices.forEach((index, image) => {
        const own = detectorOutputs(model.config, outputs, shape, image);
        results.push({
          patient: pairs[index].patient,
          annotations: annotationsOf(batch, model.modality, image, shape.maxBoxes),
          detections: postprocess(own, { clip: shape, ...options }),
        });
      });
      onBatch(batch.indices.length, milliseconds);
    }
  } finally {
    program.release();
  }
  return results;
}
