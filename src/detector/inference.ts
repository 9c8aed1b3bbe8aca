// What a detector's inference computes on the device and reads back, and how one image's share of it is found.
import { decodeBoxes } from "../autograd/operations/detection.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { anchorsPerCell } from "./anchors.ts";
import { type DetectorConfig, levelSizes } from "./config.ts";
import { anchorTensor } from "./detector.ts";
import type { Predictions } from "./heads.ts";
import type { DetectorOutputs } from "./postprocess.ts";

/** Outputs `logits` [N, 9·numClasses, 1, pixels] and `boxes` [N, pixels·9, 4] of all levels, packed. */
export function recordDetection(
  tape: Tape,
  config: DetectorConfig,
  image: Tensor,
  { classLogits, boxCodes }: Predictions,
): Record<string, Tensor> {
  const anchors = anchorTensor(tape, config, image);
  const boxes = tape.scope("boxes", () => decodeBoxes(tape, boxCodes, anchors));
  return { logits: classLogits, boxes };
}

/**
 * The share of one image in the outputs of `recordDetection` for `batch` of them of height × width, without what fills the
 * packed levels up.
 */
export function detectorOutputs(
  config: DetectorConfig,
  outputs: Readonly<Record<string, Float32Array>>,
  { batch, height, width }: { readonly batch: number; readonly height: number; readonly width: number },
  image: number,
): DetectorOutputs {
  const share = (values: Float32Array) => {
    const length = values.length / batch;
    return values.subarray(image * length, (image + 1) * length);
  };
  const pixels = levelSizes(config, height, width).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const channels = anchorsPerCell * config.numClasses;
  const padded = share(outputs.logits);
  const stride = padded.length / channels;
  const classLogits = new Float32Array(channels * pixels);
  for (let channel = 0; channel < channels; channel++)
    classLogits.set(padded.subarray(channel * stride, channel * stride + pixels), channel * pixels);
  return { classLogits, boxes: share(outputs.boxes).subarray(0, 4 * anchorsPerCell * pixels) };
}
