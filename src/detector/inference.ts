// What a detector's inference computes on the device and reads back, and how one image's share of it is found.
import { decodeBoxes } from "../autograd/operations/detection.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { anchorsPerCell } from "./anchors.ts";
import type { DetectorConfig } from "./config.ts";
import { anchorTensor } from "./detector.ts";
import type { Predictions } from "./heads.ts";
import type { LevelOutputs } from "./postprocess.ts";

/** Outputs `logits l` [N, 9·numClasses, h, w] and `boxes l` [N, h·w·9, 4] for every level l. */
export function recordDetection(
  tape: Tape,
  config: DetectorConfig,
  image: Tensor,
  { classLogits, boxCodes }: Predictions,
): Record<string, Tensor> {
  const anchors = anchorTensor(tape, config, image);
  const outputs: Record<string, Tensor> = {};
  let levelOffset = 0;
  classLogits.forEach((logits, index) => {
    const level = config.minLevel + index;
    outputs[`logits ${level}`] = logits;
    outputs[`boxes ${level}`] = tape.scope(`boxes P${level}`, () =>
      decodeBoxes(tape, boxCodes[index], anchors, levelOffset),
    );
    levelOffset += anchorsPerCell * logits.shape[2] * logits.shape[3];
  });
  return outputs;
}

/** The share of one image in the outputs of `recordDetection` for `batch` of them, level by level. */
export function detectionLevels(
  { minLevel, maxLevel }: DetectorConfig,
  outputs: Readonly<Record<string, Float32Array>>,
  batch: number,
  image: number,
): LevelOutputs[] {
  const share = (values: Float32Array) => {
    const length = values.length / batch;
    return values.subarray(image * length, (image + 1) * length);
  };
  return Array.from({ length: maxLevel - minLevel + 1 }, (_, index) => ({
    classLogits: share(outputs[`logits ${minLevel + index}`]),
    boxes: share(outputs[`boxes ${minLevel + index}`]),
  }));
}
