// The class and box networks: convolutions shared by all levels, batch norms of each level's own.
import type { Layers } from "../autograd/layers.ts";
import type { Initializer } from "../autograd/parameters.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { anchorsPerCell } from "./anchors.ts";
import type { DetectorConfig } from "./config.ts";

const zero: Initializer = { kind: "constant", value: 0 };

const fanIn = (inputs: number): Initializer => ({ kind: "normal", deviation: Math.sqrt(1 / inputs) });

/** The bias at which every anchor's first score is 0.01, as focal loss wants it (arXiv 1708.02002, section 4.1). */
const rarePositive: Initializer = { kind: "constant", value: -Math.log((1 - 0.01) / 0.01) };

function separable(
  layers: Layers,
  config: DetectorConfig,
  x: Tensor,
  outputs: number,
  bias: Initializer | undefined,
): Tensor {
  const window = { kernel: 3, stride: 1, padding: config.padding };
  const spatial = layers.at("conv_dw").depthwiseConv2d(x, window, fanIn(9));
  return layers.at("conv_pw").pointwiseConv2d(spatial, outputs, fanIn(x.shape[1]), bias);
}

/** One network over all levels: levels [N, C, h, w], C any width → [N, outputs, h, w]. */
function network(
  layers: Layers,
  config: DetectorConfig,
  levels: readonly Tensor[],
  outputs: number,
  bias: Initializer,
): Tensor[] {
  const norm = { ...config.pyramidNorm, activation: "swish" } as const;
  const before = config.biasBeforeNorm ? zero : undefined;
  return levels.map((level, levelIndex) => {
    let x = level;
    for (let repeat = 0; repeat < config.headRepeats; repeat++) {
      x = separable(layers.at("conv_rep").at(repeat), config, x, config.pyramidChannels, before);
      x = layers.at("bn_rep").at(repeat).at(levelIndex).at("bn").batchNorm(x, norm);
    }
    return separable(layers.at("predict"), config, x, outputs, bias);
  });
}

export interface Predictions {
  /** Per level [N, 9·numClasses, h, w], channel = anchor·numClasses + class. */
  readonly classLogits: readonly Tensor[];
  /** Per level [N, 9·4, h, w], channel = anchor·4 + (ty, tx, th, tw). */
  readonly boxCodes: readonly Tensor[];
}

/** Class and box predictions from a pyramid whose levels may be of any width, e.g. two pyramids side by side. */
export function heads(layers: Layers, config: DetectorConfig, levels: readonly Tensor[]): Predictions {
  return {
    classLogits: network(
      layers.at("class_net"),
      config,
      levels,
      anchorsPerCell * config.numClasses,
      rarePositive,
    ),
    boxCodes: network(layers.at("box_net"), config, levels, anchorsPerCell * 4, zero),
  };
}
