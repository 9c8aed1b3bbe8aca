// EfficientDet (arXiv 1911.09070) put together: image → pyramid → predictions, and the loss against ground truth.
import type { Layers } from "../autograd/layers.ts";
import { add } from "../autograd/operations/arithmetic.ts";
import { assignAnchors } from "../autograd/operations/detection.ts";
import { focalLoss, huberBoxLoss } from "../autograd/operations/losses.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { makeAnchors } from "./anchors.ts";
import { type BackboneFeatures, backbone } from "./backbone.ts";
import type { DetectorConfig } from "./config.ts";
import type { Predictions } from "./heads.ts";
import { bifpn, type Pyramid } from "./pyramid.ts";

export interface Features {
  readonly backbone: BackboneFeatures;
  readonly pyramid: Pyramid;
}

/** image [N, inChannels, H, W] → backbone features and BiFPN pyramid. */
export function extractFeatures(layers: Layers, config: DetectorConfig, image: Tensor): Features {
  const features = backbone(layers.at("backbone"), config, image);
  return { backbone: features, pyramid: bifpn(layers.at("fpn"), config, features.endpoints) };
}

/** Ground truth as the loader writes it. */
export interface GroundTruth {
  /** f32 [N, G, 4]: yMin, xMin, yMax, xMax in pixels; unused rows −1. */
  readonly boxes: Tensor;
  /** i32 [N, G]: classes from 1; unused rows −1. */
  readonly classes: Tensor;
}

export interface DetectionLoss {
  /** classLoss + boxWeight · boxLoss. Each is a scalar [1]. */
  readonly total: Tensor;
  readonly classLoss: Tensor;
  readonly boxLoss: Tensor;
}

export interface LossOptions {
  readonly alpha: number;
  readonly gamma: number;
  readonly delta: number;
  readonly boxWeight: number;
}

/** EfficientDet's own: arXiv 1911.09070 section 5.1 and google/automl's det_model_fn. */
export const defaultLoss: LossOptions = { alpha: 0.25, gamma: 1.5, delta: 0.1, boxWeight: 50 };

/** What the loss of every level is held against. */
export interface Targets {
  /** i32 [N, A]: class from 0, −1 background, −2 ignored. */
  readonly classTargets: Tensor;
  /** f32 [N, A, 4]. */
  readonly boxTargets: Tensor;
  /** [1]: positives in the batch + 1. */
  readonly normalizer: Tensor;
}

/** The anchors of all levels for an image [N, C, H, W] → [A, 4]. */
export function anchorTensor(tape: Tape, config: DetectorConfig, image: Tensor): Tensor {
  const values = makeAnchors(config, image.shape[2], image.shape[3]);
  return tape.constant("anchors", [values.length / 4, 4], values);
}

/** Assigns the ground truth to the anchors of an image size, on the device. */
export function assignTargets(
  tape: Tape,
  config: DetectorConfig,
  image: Tensor,
  truth: GroundTruth,
): Targets {
  const anchors = anchorTensor(tape, config, image);
  return tape.scope("targets", () => assignAnchors(tape, anchors, truth.boxes, truth.classes));
}

/** Focal and Huber losses summed over levels, normalised by the positives of the whole batch. */
export function detectionLoss(
  tape: Tape,
  config: DetectorConfig,
  { classLogits, boxCodes }: Predictions,
  { classTargets, boxTargets, normalizer }: Targets,
  { alpha, gamma, delta, boxWeight }: LossOptions = defaultLoss,
): DetectionLoss {
  const focal = { numClasses: config.numClasses, alpha, gamma };
  const classLoss = tape.scope("class loss", () =>
    focalLoss(tape, classLogits, classTargets, normalizer, focal),
  );
  const boxLoss = tape.scope("box loss", () =>
    huberBoxLoss(tape, boxCodes, boxTargets, normalizer, { delta }),
  );
  return { total: add(tape, classLoss, boxLoss, 1, boxWeight), classLoss, boxLoss };
}
