// BiFPN (arXiv 1911.09070, section 3), with effdet's names and order of nodes.

import type { Layers } from "../autograd/layers.ts";
import { fuse } from "../autograd/operations/fusion.ts";
import { maxPool2d } from "../autograd/operations/pooling.ts";
import type { Initializer } from "../autograd/parameters.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { DetectorConfig } from "./config.ts";

const zero: Initializer = { kind: "constant", value: 0 };

/** Glorot's uniform initialisation. */
const glorot = (fanIn: number, fanOut: number): Initializer => ({
  kind: "uniform",
  bound: Math.sqrt(6 / (fanIn + fanOut)),
});

/** A node of a cell: the level it has, and its inputs as indices into the cell's inputs followed by earlier nodes. */
export interface FusionNode {
  readonly level: number;
  readonly inputs: readonly number[];
}

/**
 * The nodes of one cell over `count` levels: the way down from the second highest level to the lowest, then the way
 * up, where every level but the highest also sees its node of the way down.
 */
export function bifpnNodes(count: number): FusionNode[] {
  const nodes: FusionNode[] = [];
  /** Index of the latest node of each level. */
  const latest = Array.from({ length: count }, (_, level) => level);
  const append = (level: number, inputs: number[]) => {
    nodes.push({ level, inputs });
    latest[level] = count + nodes.length - 1;
  };
  for (let level = count - 2; level >= 0; level--) append(level, [level, latest[level + 1]]);
  for (let level = 1; level < count; level++) {
    const own = level < count - 1 ? [level, latest[level]] : [level];
    append(level, [...own, latest[level - 1]]);
  }
  return nodes;
}

/** A 1x1 convolution and batch norm to the pyramid's width. */
function lateral(layers: Layers, config: DetectorConfig, x: Tensor): Tensor {
  const channels = config.pyramidChannels;
  const conv = layers
    .at("conv")
    .pointwiseConv2d(x, channels, glorot(x.shape[1], channels), config.biasBeforeNorm ? zero : undefined);
  return layers.at("bn").batchNorm(conv, config.pyramidNorm);
}

/** Depthwise 3x3, pointwise, batch norm; no activation after. */
function separable(layers: Layers, config: DetectorConfig, x: Tensor): Tensor {
  const channels = config.pyramidChannels;
  const window = { kernel: 3, stride: 1, padding: config.padding };
  const spatial = layers.at("conv_dw").depthwiseConv2d(x, window, glorot(9, 9));
  const conv = layers
    .at("conv_pw")
    .pointwiseConv2d(spatial, channels, glorot(channels, channels), config.biasBeforeNorm ? zero : undefined);
  return layers.at("bn").batchNorm(conv, config.pyramidNorm);
}

function edgeWeights(layers: Layers, config: DetectorConfig, count: number): Tensor {
  if (config.fusion === "fast")
    return layers.parameter("edge_weights", [count], { kind: "constant", value: 1 });
  return layers.tape.constant("edge weights of a plain sum", [count], new Float32Array(count).fill(1));
}

/** One cell: its inputs, one a level, → its outputs. Inputs of other widths get a lateral convolution at each use. */
function cell(layers: Layers, config: DetectorConfig, inputs: readonly Tensor[]): Tensor[] {
  const { tape } = layers;
  const tensors = [...inputs];
  const outputs = [...inputs];
  bifpnNodes(inputs.length).forEach((node, index) => {
    const at = layers.at("fnode").at(index);
    const combine = at.at("combine");
    const sources = node.inputs.map((source) => {
      const x = tensors[source];
      if (x.shape[1] === config.pyramidChannels) return x;
      return lateral(combine.at("resample").at(source).at("conv"), config, x);
    });
    const [, , height, width] = inputs[node.level].shape;
    const window = { height, width, padding: config.padding };
    const options = { ...window, normalized: config.fusion === "fast", activation: "swish" } as const;
    const weights = edgeWeights(combine, config, sources.length);
    const y = combine.labelled(() => fuse(tape, sources, weights, options));
    const output = separable(at.at("after_combine").at("conv"), config, y);
    tensors.push(output);
    outputs[node.level] = output;
  });
  return outputs;
}

export interface Pyramid {
  /** What the first cell takes: C3 to C5 and the levels made from C5. */
  readonly inputs: readonly Tensor[];
  /** The outputs of every cell, lowest level first. */
  readonly cells: readonly (readonly Tensor[])[];
  /** The outputs of the last cell. */
  readonly levels: readonly Tensor[];
}

/** C3, C4, C5 → P3 … Pmax, each [N, pyramidChannels, h, w]. */
export function bifpn(layers: Layers, config: DetectorConfig, endpoints: readonly Tensor[]): Pyramid {
  const { tape } = layers;
  const inputs = [...endpoints];
  while (inputs.length <= config.maxLevel - config.minLevel) {
    const from = inputs[inputs.length - 1];
    const wide = from.shape[1] !== config.pyramidChannels;
    const x = wide ? lateral(layers.at("resample").at(inputs.length).at("conv"), config, from) : from;
    inputs.push(
      tape.scope(`resample P${config.minLevel + inputs.length}`, () => maxPool2d(tape, x, config.padding)),
    );
  }
  const cells: Tensor[][] = [];
  let levels: Tensor[] = inputs;
  for (let index = 0; index < config.cells; index++) {
    levels = cell(layers.at("cell").at(index), config, levels);
    cells.push(levels);
  }
  return { inputs, cells, levels };
}
