// The class and box networks: convolutions shared by all levels, batch norms of each level's own. The levels are packed
// into one map, so that each layer is one dispatch whatever their number.
import type { Layers } from "../autograd/layers.ts";
import { type LevelSizes, packLevels } from "../autograd/operations/pyramid.ts";
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
  x: Tensor,
  levels: LevelSizes,
  outputs: number,
  bias: Initializer | undefined,
): Tensor {
  const spatial = layers.at("conv_dw").pyramidDepthwiseConv2d(x, levels, fanIn(9));
  return layers.at("conv_pw").pointwiseConv2d(spatial, outputs, fanIn(x.shape[1]), bias);
}

/** One network over all levels: packed [N, C, 1, pixels], C any width → [N, outputs, 1, pixels]. */
function network(
  layers: Layers,
  config: DetectorConfig,
  packed: Tensor,
  levels: LevelSizes,
  outputs: number,
  bias: Initializer,
): Tensor {
  const norm = { ...config.pyramidNorm, activation: "swish" } as const;
  const before = config.biasBeforeNorm ? zero : undefined;
  let x = packed;
  for (let repeat = 0; repeat < config.headRepeats; repeat++) {
    x = separable(layers.at("conv_rep").at(repeat), x, levels, config.pyramidChannels, before);
    x = layers.at("bn_rep").at(repeat).pyramidBatchNorm(x, levels, norm);
  }
  return separable(layers.at("predict"), x, levels, outputs, bias);
}

/** Of all levels, packed. */
export interface Predictions {
  /** [N, 9·numClasses, 1, pixels], channel = anchor·numClasses + class. */
  readonly classLogits: Tensor;
  /** [N, 9·4, 1, pixels], channel = anchor·4 + (ty, tx, th, tw). */
  readonly boxCodes: Tensor;
}

/** Class and box predictions from a pyramid whose levels may be of any width, e.g. two pyramids side by side. */
export function heads(layers: Layers, config: DetectorConfig, levels: readonly Tensor[]): Predictions {
  const packed = layers.tape.scope("pyramid", () => packLevels(layers.tape, levels));
  const sizes = levels.map(({ shape: [, , height, width] }) => [height, width] as const);
  const predict = (name: string, outputs: number, bias: Initializer) =>
    network(layers.at(name), config, packed, sizes, outputs, bias);
  return {
    classLogits: predict("class_net", anchorsPerCell * config.numClasses, rarePositive),
    boxCodes: predict("box_net", anchorsPerCell * 4, zero),
  };
}
