// EfficientNet (arXiv 1905.11946) up to its last stage, with timm's names.

import type { Layers } from "../autograd/layers.ts";
import { add } from "../autograd/operations/arithmetic.ts";
import { dropConnect } from "../autograd/operations/dropConnect.ts";
import type { Initializer } from "../autograd/parameters.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { type DetectorConfig, endpointStages, type Stage } from "./config.ts";

/** Normal with variance 2 / fan-out, EfficientNet's initialisation. */
const fanOut = (kernel: number, outputsPerGroup: number): Initializer => ({
  kind: "normal",
  deviation: Math.sqrt(2 / (kernel * kernel * outputsPerGroup)),
});

interface Block {
  readonly stage: Stage;
  readonly stride: number;
  readonly dropRate: number;
  /** Tells the drop-connect draws of the blocks apart. */
  readonly index: number;
}

/** A depthwise-separable block where the expansion is 1, else an inverted residual with its linear bottleneck. */
export function mobileBlock(
  layers: Layers,
  config: DetectorConfig,
  x: Tensor,
  { stage, stride, ...block }: Block,
): Tensor {
  const norm = config.backboneNorm;
  const active = { ...norm, activation: "swish" } as const;
  const inputs = x.shape[1];
  const expanded = inputs * stage.expansion;
  const expands = stage.expansion > 1;
  let y = x;
  if (expands) {
    y = layers.at("conv_pw").pointwiseConv2d(y, expanded, fanOut(1, expanded));
    y = layers.at("bn1").batchNorm(y, active);
  }
  const window = { kernel: stage.kernel, stride, padding: config.padding };
  y = layers.at("conv_dw").depthwiseConv2d(y, window, fanOut(stage.kernel, 1));
  y = layers
    .at(expands ? "bn2" : "bn1")
    .batchNormSqueezeExcite(y, active, layers.at("se"), Math.round(inputs * 0.25), (outputs) =>
      fanOut(1, outputs),
    );
  y = layers
    .at(expands ? "conv_pwl" : "conv_pw")
    .pointwiseConv2d(y, stage.channels, fanOut(1, stage.channels));
  const last = layers.at(expands ? "bn3" : "bn2");
  if (stride !== 1 || inputs !== stage.channels) return last.batchNorm(y, norm);
  const { random } = layers.mode;
  if (!random || block.dropRate === 0) return last.batchNorm(y, norm, x);
  const drop = { rate: block.dropRate, stream: block.index };
  return add(layers.tape, dropConnect(layers.tape, last.batchNorm(y, norm), random, drop), x);
}

export interface BackboneFeatures {
  readonly stem: Tensor;
  /** The output of every stage. */
  readonly stages: readonly Tensor[];
  /** C3, C4 and C5: strides 8, 16 and 32. */
  readonly endpoints: readonly Tensor[];
}

/** image [N, inChannels, H, W] → features at strides 2 to 32. */
export function backbone(layers: Layers, config: DetectorConfig, image: Tensor): BackboneFeatures {
  const window = { kernel: 3, stride: 2, padding: config.padding };
  const stemmed = layers
    .at("conv_stem")
    .conv2d(image, config.stemChannels, window, fanOut(3, config.stemChannels));
  const stem = layers.at("bn1").batchNorm(stemmed, { ...config.backboneNorm, activation: "swish" });
  const blockCount = config.stages.reduce((sum, stage) => sum + stage.repeats, 0);
  const stages: Tensor[] = [];
  let x = stem;
  let index = 0;
  config.stages.forEach((stage, number) => {
    for (let repeat = 0; repeat < stage.repeats; repeat++, index++) {
      const stride = repeat === 0 ? stage.stride : 1;
      const dropRate = (config.dropConnectRate * index) / blockCount;
      x = mobileBlock(layers.at("blocks").at(number).at(repeat), config, x, {
        stage,
        stride,
        dropRate,
        index,
      });
    }
    stages.push(x);
  });
  return { stem, stages, endpoints: endpointStages.map((stage) => stages[stage]) };
}
