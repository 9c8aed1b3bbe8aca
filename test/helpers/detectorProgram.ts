// A detector on a tape, with its tensors under the goldens' names.
import { type LayerMode, Layers } from "../../src/autograd/layers.ts";
import { unpackLevels } from "../../src/autograd/operations/pyramid.ts";
import { ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { type DetectorConfig, detectorConfig } from "../../src/detector/config.ts";
import { extractFeatures, type Features } from "../../src/detector/detector.ts";
import { heads, type Predictions } from "../../src/detector/heads.ts";

/** The goldens' small model: D0 on a backbone of a quarter of its width. */
export function smallConfig(changes: Partial<DetectorConfig> = {}): DetectorConfig {
  const options = { numClasses: 2, inChannels: 1, width: 0.25, anchorScale: 1.25 };
  return { ...detectorConfig("d0", options), ...changes };
}

export interface RecordedDetector {
  readonly tape: Tape;
  readonly set: ParameterSet;
  readonly image: Tensor;
  readonly features: Features;
  readonly predictions: Predictions;
  /** The predictions level by level. */
  readonly unpacked: Record<keyof Predictions, readonly Tensor[]>;
}

/**
 * image [N, C, H, W] as the input `image`; with `trainable`, its gradient is wanted too.
 * @param set of parameters that programs share.
 */
export function recordDetector(
  config: DetectorConfig,
  imageShape: readonly number[],
  mode: LayerMode,
  set = new ParameterSet("detector"),
): RecordedDetector {
  const tape = new Tape();
  const layers = new Layers(tape, set, mode);
  const image = tape.input("image", imageShape, "f32", mode.trainable);
  const features = extractFeatures(layers, config, image);
  const { levels } = features.pyramid;
  const predictions = heads(layers, config, levels);
  const sizes = levels.map(({ shape: [, , height, width] }) => [height, width] as const);
  const unpacked = {
    classLogits: unpackLevels(tape, predictions.classLogits, sizes),
    boxCodes: unpackLevels(tape, predictions.boxCodes, sizes),
  };
  return { tape, set, image, features, predictions, unpacked };
}

/** Stem and stages, C3 to C5, P6 and P7 before the first cell, every cell's outputs, and the predictions. */
export function namedTensors({ features, unpacked }: RecordedDetector): Record<string, Tensor> {
  const { backbone, pyramid } = features;
  const names: [string, Tensor][] = [["act.stem", backbone.stem]];
  backbone.stages.forEach((stage, index) => {
    names.push([`act.block${index}`, stage]);
  });
  pyramid.inputs.forEach((input, index) => {
    names.push([index < 3 ? `C${index + 3}` : `fpn_in.P${index + 3}`, input]);
  });
  pyramid.cells.forEach((levels, cell) => {
    const prefix = levels === pyramid.levels ? "" : `cell${cell}.`;
    for (const [index, level] of levels.entries()) names.push([`${prefix}P${index + 3}`, level]);
  });
  unpacked.classLogits.forEach((logits, index) => {
    names.push([`class_out.${index + 3}`, logits]);
    names.push([`box_out.${index + 3}`, unpacked.boxCodes[index]]);
  });
  return Object.fromEntries(names);
}
