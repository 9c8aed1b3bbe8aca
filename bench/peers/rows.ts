// The rows of the table: shapes that EfficientDet has, with deterministic inputs that are never 0.
import { RandomStream } from "../../src/base/random.ts";
import type { HostTensor, HostTensors, Layout, Operations, Row } from "./contestant.ts";
import { smallDetectorRow } from "./smallDetector.ts";
import { makeTargets, targetsOf } from "./targets.ts";

/** Uniform in [low, high). */
export function uniform(
  name: string,
  layout: Layout,
  shape: readonly number[],
  low = -1,
  high = 1,
): HostTensor {
  const random = new RandomStream(1, `peers/${name}`);
  const length = shape.reduce((product, extent) => product * extent, 1);
  return { shape, layout, data: Float32Array.from({ length }, () => random.nextUniform(low, high)) };
}

const batch = 4;

interface Size {
  readonly channels: number;
  readonly side: number;
}

const image = (name: string, { channels, side }: Size): HostTensor =>
  uniform(name, "image", [batch, channels, side, side]);

const describe = ({ channels, side }: Size): string => `${batch}x${channels}x${side}x${side}`;

function forward(
  name: string,
  title: string,
  inputs: HostTensors,
  graph: Row["graph"],
  result: Row["result"] = "image",
): Row {
  return { name, title, inputs, graph, result, gradients: [], tolerance: 1e-4 };
}

/** The same with gradients of `names`, for an upstream gradient of the shape `size` unless the result is a scalar. */
function withGradients(row: Row, names: readonly string[], size?: Size): Row {
  const inputs = size ? { ...row.inputs, dy: image(`${row.name}/dy`, size) } : row.inputs;
  return {
    ...row,
    name: row.name.replace(/ forward$/, " forward+backward"),
    title: `${row.title}, and the gradients of ${names.join(", ")}`,
    inputs,
    gradients: names,
  };
}

function matrixProduct(side: number): Row {
  const inputs = {
    weight: uniform("matrix/weight", "plain", [side, side]),
    x: uniform("matrix/x", "plain", [side, side]),
  };
  return forward(
    `matrix product ${side}`,
    `[${side}, ${side}] times [${side}, ${side}]`,
    inputs,
    (o, t) => o.matrixProduct(t.weight, t.x),
    "plain",
  );
}

function pointwise(size: Size, outputs: number): Row {
  const inputs = {
    x: image("pointwise/x", size),
    weight: uniform("pointwise/weight", "convolution", [outputs, size.channels, 1, 1]),
  };
  return forward(
    `pointwise ${size.channels}->${outputs}`,
    `1x1 convolution of ${describe(size)} to ${outputs} channels`,
    inputs,
    (o, t) => o.pointwise(t.x, t.weight),
  );
}

function depthwise(size: Size, kernel: number): Row {
  const inputs = {
    x: image("depthwise/x", size),
    weight: uniform("depthwise/weight", "depthwise", [size.channels, 1, kernel, kernel]),
  };
  return forward(
    `depthwise ${kernel}x${kernel}`,
    `depthwise ${kernel}x${kernel} convolution of ${describe(size)}`,
    inputs,
    (o, t) => o.depthwise(t.x, t.weight),
  );
}

function separable(size: Size): Row {
  const { channels } = size;
  const inputs = {
    x: image("separable/x", size),
    depthwise: uniform("separable/depthwise", "depthwise", [channels, 1, 3, 3]),
    pointwise: uniform("separable/pointwise", "convolution", [channels, channels, 1, 1], -0.2, 0.2),
  };
  return forward(
    "separable convolution forward",
    `depthwise 3x3, then pointwise ${channels}->${channels}, of ${describe(size)}`,
    inputs,
    (o, t) => o.pointwise(o.depthwise(t.x, t.depthwise), t.pointwise),
  );
}

/** gamma and beta of a batch norm. */
function normalization(name: string, channels: number): HostTensors {
  return {
    gamma: uniform(`${name}/gamma`, "plain", [channels], 0.5, 1.5),
    beta: uniform(`${name}/beta`, "plain", [channels], -0.5, 0.5),
  };
}

function batchNormSwish(size: Size): Row {
  const inputs = { x: image("normalization/x", size), ...normalization("normalization", size.channels) };
  return forward(
    "batch norm + swish forward",
    `batch statistics, normalisation and swish of ${describe(size)}`,
    inputs,
    (o, t) => o.batchNorm(t.x, t.gamma, t.beta, "swish"),
  );
}

/** A node of a BiFPN's way up, after swish, separable convolution and batch norm as in EfficientDet. */
function pyramidNode(size: Size): Row {
  const { channels, side } = size;
  const inputs = {
    same: image("node/same", size),
    half: image("node/half", { channels, side: side / 2 }),
    twice: image("node/twice", { channels, side: side * 2 }),
    edges: uniform("node/edges", "plain", [3], 0.5, 1.5),
    depthwise: uniform("node/depthwise", "depthwise", [channels, 1, 3, 3]),
    pointwise: uniform("node/pointwise", "convolution", [channels, channels, 1, 1], -0.2, 0.2),
    ...normalization("node", channels),
  };
  return forward(
    "BiFPN node forward",
    `fast-normalised fusion of ${describe(size)} with a map of half (nearest) and one of twice its side (3x3 max pool), swish, separable convolution, batch norm`,
    inputs,
    (o, t) => {
      const fused = o.fuse(t.same, t.half, t.twice, t.edges);
      return o.batchNorm(o.pointwise(o.depthwise(fused, t.depthwise), t.pointwise), t.gamma, t.beta, "none");
    },
  );
}

function focalLoss(side: number, classes: number): Row {
  const size = { channels: 9 * classes, side };
  const inputs = {
    logits: uniform("focal/logits", "image", [batch, size.channels, side, side], -6, 2),
    ...makeTargets("focal", batch, side, classes),
  };
  const row = forward(
    "focal loss forward+backward",
    `sum over the logits ${describe(size)}`,
    inputs,
    <T>(o: Operations<T>, t: Readonly<Record<string, T>>) => o.focalLoss(t.logits, targetsOf(t)),
    "scalar",
  );
  return withGradients(row, ["logits"]);
}

/** Every row, in the table's order. */
export function allRows(): Row[] {
  const map = { channels: 64, side: 64 };
  const normalized = batchNormSwish(map);
  const convolution = separable(map);
  const nodeSize = { channels: 64, side: 32 };
  const node = pyramidNode(nodeSize);
  return [
    matrixProduct(512),
    pointwise(map, 64),
    pointwise({ channels: 112, side: 16 }, 672),
    depthwise(map, 3),
    depthwise(map, 5),
    convolution,
    withGradients(convolution, ["x", "depthwise", "pointwise"], map),
    normalized,
    withGradients(normalized, ["x", "gamma", "beta"], map),
    node,
    withGradients(
      node,
      ["same", "half", "twice", "edges", "depthwise", "pointwise", "gamma", "beta"],
      nodeSize,
    ),
    focalLoss(32, 2),
    smallDetectorRow(),
  ];
}
