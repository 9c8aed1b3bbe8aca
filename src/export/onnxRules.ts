// What becomes of each kernel of an inference tape in ONNX. Batch norms are folded into the convolution before them, and
// the packed levels of a pyramid are apart again, each a value of its own, as other implementations have them.
import type { AddParameters } from "../../kernels/add.ts";
import type { BatchNormParameters, NormParameters } from "../../kernels/batchNorm.ts";
import { type ConcatParameters, concatSizes } from "../../kernels/concat.ts";
import type { Conv2dParameters } from "../../kernels/conv2d.ts";
import type { DecodeBoxesParameters } from "../../kernels/decodeBoxes.ts";
import type { DenseParameters } from "../../kernels/dense.ts";
import { edgeFactors, type FuseParameters, modes, sourceOf } from "../../kernels/fuse.ts";
import type { Operation } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { AttributeValue, OnnxGraph, Value } from "./onnxGraph.ts";

/** A map of the graph and its size. */
export interface Map2d {
  readonly value: Value;
  readonly height: number;
  readonly width: number;
}

/** What the rules know of the tape around an operation. */
export interface Translation {
  readonly graph: OnnxGraph;
  /** A tensor that is known before the model runs. */
  constant(tensor: Tensor): Float32Array;
  /** A tensor's map, or its levels where it is a packed pyramid. */
  levels(tensor: Tensor): readonly Map2d[];
  define(tensor: Tensor, levels: readonly Map2d[]): void;
  /** The convolution whose result a tensor is. */
  producer(tensor: Tensor): Operation;
}

type Rule = (translation: Translation, operation: Operation) => void;

/** y = scale·x + shift a channel. */
interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** What a batch norm does to the channels of one level. */
function affineOf({ constant }: Translation, { parameters, tensors }: Operation, level: number): Affine {
  const { channels, epsilon } = parameters as NormParameters;
  const [mean, variance, gamma, beta] = ["mean", "variance", "gamma", "beta"].map((name) =>
    constant(tensors[name]).subarray(level * channels, (level + 1) * channels),
  );
  const scale = gamma.map((value, c) => value / Math.sqrt(variance[c] + epsilon));
  return { scale, shift: beta.map((value, c) => value - mean[c] * scale[c]) };
}

interface Geometry {
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Of the weight. */
  readonly shape: readonly number[];
  /** Of the result. */
  readonly height: number;
  readonly width: number;
}

/** How a convolution goes over one of its input's levels. */
function geometryOf({ kernel, parameters }: Operation, { height, width }: Map2d): Geometry {
  if (kernel.name === "pointwiseConv2d") {
    const { inputs, outputs } = parameters as { inputs: number; outputs: number };
    return { attributes: {}, shape: [outputs, inputs, 1, 1], height, width };
  }
  if (kernel.name === "pyramidDepthwiseConv2d") {
    const { channels } = parameters as { channels: number };
    return { attributes: { group: channels, pads: [1, 1, 1, 1] }, shape: [channels, 1, 3, 3], height, width };
  }
  const p = parameters as Conv2dParameters;
  const depthwise = kernel.name === "depthwiseConv2d";
  const after = (input: number, output: number, before: number) =>
    Math.max((output - 1) * p.stride + p.kernel - input - before, 0);
  const pads = [
    p.padTop,
    p.padLeft,
    after(p.height, p.outHeight, p.padTop),
    after(p.width, p.outWidth, p.padLeft),
  ];
  return {
    attributes: { strides: [p.stride, p.stride], pads, ...(depthwise ? { group: p.channels } : {}) },
    shape: depthwise ? [p.channels, 1, p.kernel, p.kernel] : [p.filters, p.channels, p.kernel, p.kernel],
    height: p.outHeight,
    width: p.outWidth,
  };
}

const convolutions = ["conv2d", "depthwiseConv2d", "pointwiseConv2d", "pyramidDepthwiseConv2d"];
export const isConvolution = ({ kernel }: Operation): boolean => convolutions.includes(kernel.name);

/** A convolution over every level of its input, each followed by an affine map that goes into weight and bias. */
function convolve(
  translation: Translation,
  operation: Operation,
  affine?: (level: number) => Affine,
): readonly Map2d[] {
  const { graph, constant, levels } = translation;
  const { x, weight, bias } = operation.tensors;
  const plainWeight = constant(weight);
  const plainBias = bias && constant(bias);
  return levels(x).map((map, level) => {
    const { attributes, shape, height, width } = geometryOf(operation, map);
    const perFilter = plainWeight.length / shape[0];
    const { scale, shift } = affine?.(level) ?? {
      scale: new Float32Array(shape[0]).fill(1),
      shift: new Float32Array(shape[0]),
    };
    const inputs = [
      map.value,
      graph.constant(
        shape,
        plainWeight.map((value, i) => value * scale[Math.floor(i / perFilter)]),
      ),
      graph.constant(
        [shape[0]],
        shift.map((value, o) => value + (plainBias ? scale[o] * plainBias[o] : 0)),
      ),
    ];
    return { value: graph.node("Conv", inputs, attributes), height, width };
  });
}

function swish(graph: OnnxGraph, value: Value): Value {
  return graph.node("Mul", [value, graph.node("Sigmoid", [value])]);
}

/** The results of batch norms so far, by what they normalise: squeeze-and-excite asks twice. */
const normalized = new WeakMap<Translation, Map<Tensor, readonly Map2d[]>>();

function normalize(translation: Translation, operation: Operation): readonly Map2d[] {
  const { graph, producer } = translation;
  const known = normalized.get(translation) ?? new Map<Tensor, readonly Map2d[]>();
  normalized.set(translation, known);
  const { x } = operation.tensors;
  const before = known.get(x);
  if (before) return before;
  const { activation } = operation.parameters as NormParameters;
  const maps = convolve(translation, producer(x), (level) => affineOf(translation, operation, level)).map(
    (map) => ({ ...map, value: activation === "swish" ? swish(graph, map.value) : map.value }),
  );
  known.set(x, maps);
  return maps;
}

/** [N, C] as a map of one pixel. */
const vector = (value: Value): Map2d[] => [{ value, height: 1, width: 1 }];

function resampleTo(graph: OnnxGraph, { value }: Map2d, p: FuseParameters, index: number): Value {
  const { mode, padTop, padLeft, height, width } = sourceOf(p, index);
  if (mode === modes.same) return value;
  if (mode === modes.upsample) {
    // Sizes of all four axes would fix the batch: scales leave it open, and these ratios are exact.
    const scales = graph.constant([4], [1, 1, p.height / height, p.width / width]);
    return graph.node("Resize", [value, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  }
  const after = (input: number, output: number, before: number) =>
    Math.max(2 * (output - 1) + 3 - input - before, 0);
  const pads = [padTop, padLeft, after(height, p.height, padTop), after(width, p.width, padLeft)];
  return graph.node("MaxPool", [value], { kernel_shape: [3, 3], strides: [2, 2], pads });
}

/** All levels side by side as [N, pixels, channels]. */
function joinLevels(graph: OnnxGraph, maps: readonly Map2d[], channels: number): Value {
  const flat = maps.map(({ value }) => graph.node("Reshape", [value, graph.integers(0, channels, -1)]));
  return graph.node("Transpose", [graph.node("Concat", flat, { axis: 2 })], { perm: [0, 2, 1] });
}

/** By kernel name. */
export const onnxRules: Readonly<Record<string, Rule>> = {
  batchNorm(translation, operation) {
    const { graph, levels } = translation;
    const { gated, residual } = operation.parameters as BatchNormParameters;
    const { tensors } = operation;
    const maps = normalize(translation, operation).map((map, level) => {
      let { value } = map;
      if (gated) value = graph.node("Mul", [value, levels(tensors.gate)[0].value]);
      if (residual) value = graph.node("Add", [value, levels(tensors.residual)[level].value]);
      return { ...map, value };
    });
    translation.define(tensors.y, maps);
  },

  batchNormPool(translation, operation) {
    const [{ value }] = normalize(translation, operation);
    translation.define(operation.tensors.y, vector(translation.graph.node("GlobalAveragePool", [value])));
  },

  dense(translation, { parameters, tensors }) {
    const { graph, constant, levels } = translation;
    const { inputs, outputs, activation } = parameters as DenseParameters;
    const z = graph.node("Conv", [
      levels(tensors.x)[0].value,
      graph.constant([outputs, inputs, 1, 1], constant(tensors.weight)),
      graph.constant([outputs], constant(tensors.bias)),
    ]);
    const y = activation === "swish" ? swish(graph, z) : graph.node("Sigmoid", [z]);
    translation.define(tensors.y, vector(y));
  },

  fuse(translation, { parameters, tensors }) {
    const { graph, constant, levels } = translation;
    const p = parameters as FuseParameters;
    const factors = edgeFactors(p, Float64Array.from(constant(tensors.weights)));
    const terms = factors.map((factor, index) => {
      const map = resampleTo(graph, levels(tensors[`x${index}`])[0], p, index);
      return graph.node("Mul", [map, graph.constant([], [factor])]);
    });
    const sum = graph.node("Sum", terms);
    const value = p.swish ? swish(graph, sum) : sum;
    translation.define(tensors.y, [{ value, height: p.height, width: p.width }]);
  },

  concat(translation, { parameters, tensors }) {
    const { graph, levels } = translation;
    const { y, x0 } = tensors;
    const used = concatSizes(parameters as ConcatParameters).filter((size) => size > 0);
    const maps = used.map((_, index) => levels(tensors[`x${index}`])[0]);
    const packs = y.shape[1] === x0.shape[1];
    const joined = () =>
      graph.node(
        "Concat",
        maps.map(({ value }) => value),
        { axis: 1 },
      );
    translation.define(y, packs ? maps : [{ ...maps[0], value: joined() }]);
  },

  gatedSum(translation, { tensors: { a, b, gate, y } }) {
    const { graph, levels } = translation;
    const [first] = levels(a);
    const [second, weight] = [levels(b)[0].value, graph.node("Sigmoid", [levels(gate)[0].value])];
    const share = graph.node("Mul", [weight, graph.node("Sub", [first.value, second])]);
    translation.define(y, [{ ...first, value: graph.node("Add", [second, share]) }]);
  },

  add(translation, { parameters, tensors: { a, b, y } }) {
    const { graph, levels } = translation;
    const { alpha, beta } = parameters as AddParameters;
    const times = (value: Value, factor: number) =>
      factor === 1 ? value : graph.node("Mul", [value, graph.constant([], [factor])]);
    const others = levels(b);
    const maps = levels(a).map((map, level) => {
      const first = times(map.value, alpha);
      const value = beta === 0 ? first : graph.node("Add", [first, times(others[level].value, beta)]);
      return { ...map, value };
    });
    translation.define(y, maps);
  },

  decodeBoxes(translation, { parameters, tensors }) {
    const { graph, constant, levels } = translation;
    const { perPixel, anchors: count } = parameters as DecodeBoxesParameters;
    const codes = joinLevels(graph, levels(tensors.codes), 4 * perPixel);
    const value = decode(graph, codes, constant(tensors.anchors), count);
    translation.define(tensors.boxes, [{ value, height: count, width: 4 }]);
  },
};

/** Boxes [N, anchors, 4] as yMin, xMin, yMax, xMax from codes [N, pixels, 4·perPixel]. */
function decode(graph: OnnxGraph, codes: Value, anchors: Float32Array, count: number): Value {
  const rows = graph.node("Reshape", [codes, graph.integers(0, count, 4)]);
  const part = (start: number) =>
    graph.node("Slice", [rows, graph.integers(start), graph.integers(start + 2), graph.integers(2)]);
  const column = (of: (box: Float32Array) => readonly [number, number]) =>
    graph.constant(
      [1, count, 2],
      Array.from({ length: count }, (_, a) => of(anchors.subarray(4 * a, 4 * a + 4))).flat(),
    );
  const size = column(([top, left, bottom, right]) => [bottom - top, right - left]);
  const halfSize = column(([top, left, bottom, right]) => [(bottom - top) / 2, (right - left) / 2]);
  const middle = column(([top, left, bottom, right]) => [(top + bottom) / 2, (left + right) / 2]);
  const center = graph.node("Add", [graph.node("Mul", [part(0), size]), middle]);
  const half = graph.node("Mul", [graph.node("Exp", [part(2)]), halfSize]);
  const corners = [graph.node("Sub", [center, half]), graph.node("Add", [center, half])];
  return graph.node("Concat", corners, { axis: 2 }, "boxes");
}

/** Scores [N, anchors, classes] from the packed levels' logits. */
export function scoresOf({ graph, levels }: Translation, logits: Tensor, classes: number): Value {
  const joined = joinLevels(graph, levels(logits), logits.shape[1]);
  const rows = graph.node("Reshape", [joined, graph.integers(0, -1, classes)]);
  return graph.node("Sigmoid", [rows], {}, "scores");
}

/** A convolution that no batch norm follows. */
export function plainConvolution(translation: Translation, operation: Operation): void {
  translation.define(operation.tensors.y, convolve(translation, operation));
}
