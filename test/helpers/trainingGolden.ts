// A golden training step: the small model on a batch with ground truth, its losses and what they lead to.
import { gradientTable } from "../../src/autograd/gradients.ts";
import type { LayerMode } from "../../src/autograd/layers.ts";
import { type AnchorTargets, assignAnchors } from "../../src/autograd/operations/detection.ts";
import type { ParameterSet } from "../../src/autograd/parameters.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { anchorTensor, type DetectionLoss, detectionLoss } from "../../src/detector/detector.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { compile, type Inputs, type Program } from "../../src/engine/program.ts";
import { namedTensors, type RecordedDetector, recordDetector, smallConfig } from "./detectorProgram.ts";
import { type GoldenTensors, goldenValues, loadGolden } from "./goldens.ts";
import { fillPlane } from "./parameters.ts";

type Losses = readonly [total: number, classLoss: number, boxLoss: number];

interface TrainingAttributes {
  /** Samples and anchors. */
  readonly shape: readonly [batch: number, anchors: number];
  readonly num_positives: readonly number[];
  readonly loss: { readonly total: number; readonly cls: number; readonly box: number };
  readonly grad_global_norm: number;
  /** Of every parameter's gradient, and of the image's (`input`), which has no projection. */
  readonly gradients: Readonly<
    Record<string, readonly [norm: number, projection: number, float32Error: number]>
  >;
  readonly outputs: Readonly<Record<string, { readonly l2: number }>>;
  /** Losses before any step and after one, two and three, in float64 and in PyTorch's float32. */
  readonly steps: Readonly<
    Record<string, { readonly f64: readonly Losses[]; readonly f32: readonly Losses[] }>
  >;
}

export interface TrainingGolden {
  readonly mode: LayerMode;
  readonly tensors: GoldenTensors;
  readonly attributes: TrainingAttributes;
  readonly imageShape: readonly number[];
  readonly inputs: Inputs;
}

/** @param normalization of the mode that the file holds. */
export function loadTraining(name: string, normalization: LayerMode["normalization"]): TrainingGolden {
  const { tensors, attributes } = loadGolden<TrainingAttributes>(name);
  // The 128x128 model is trained on the image that it was evaluated on.
  const image = tensors.get("input") ?? loadGolden("small_eval").tensors.get("input")!;
  const inputs = {
    image: Float32Array.from(image.values),
    boxes: Float32Array.from(goldenValues(tensors, "gt.bbox_yxyx")),
    classes: Int32Array.from(goldenValues(tensors, "gt.cls")),
  };
  return { mode: { normalization, trainable: true }, tensors, attributes, imageShape: image.shape, inputs };
}

interface RecordedTraining extends RecordedDetector {
  readonly targets: AnchorTargets;
  readonly loss: DetectionLoss;
}

/** The model, its targets and losses; no gradients yet. @param set of parameters that programs share. */
function recordTraining({ mode, imageShape, tensors }: TrainingGolden, set?: ParameterSet): RecordedTraining {
  const config = smallConfig();
  const detector = recordDetector(config, imageShape, mode, set);
  const { tape, image, predictions } = detector;
  const boxes = tape.input("boxes", tensors.get("gt.bbox_yxyx")!.shape);
  const classes = tape.input("classes", tensors.get("gt.cls")!.shape, "i32");
  const targets = assignAnchors(tape, anchorTensor(tape, config, image), boxes, classes);
  return { ...detector, targets, loss: detectionLoss(tape, config, predictions, targets) };
}

/** Gives the small model's parameter set the golden's weights and running statistics. */
export function writeSmallWeights(engine: Engine, set: ParameterSet): void {
  const weights = loadGolden("small_weights").tensors;
  for (const name of ["values", "statistics"] as const) {
    const plane = set.plane(name);
    engine.writePlane(plane, fillPlane(plane.layout, weights));
  }
}

/** Compiled once for a golden: a forward and backward pass, and a forward pass alone, over one parameter set. */
export class TrainingPrograms {
  private constructor(
    readonly set: ParameterSet,
    readonly gradients: Program,
    readonly losses: Program<keyof DetectionLoss>,
  ) {}

  /** @param wanted the goldens' names of tensors that the gradients' program shall return. */
  static async compile(
    engine: Engine,
    golden: TrainingGolden,
    wanted: readonly string[],
  ): Promise<TrainingPrograms> {
    const training = recordTraining(golden);
    const { tape, set, targets, loss } = training;
    const { image: imageGradient } = tape.backward(gradientTable, loss.total);
    const named = namedTensors(training);
    const tensors = Object.fromEntries(wanted.map((name) => [name, named[name]]));
    const outputs: Record<string, Tensor> = { ...tensors, ...loss, ...targets, imageGradient };
    const forward = recordTraining(golden, set);
    return new TrainingPrograms(
      set,
      await compile(engine, "gradients", tape, outputs),
      await compile(engine, "losses", forward.tape, { ...forward.loss }),
    );
  }

  release(): void {
    this.gradients.release();
    this.losses.release();
  }
}
