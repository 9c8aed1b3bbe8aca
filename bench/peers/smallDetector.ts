// A detector small enough to be built alike in every library: a stem, six separable blocks with batch norm and swish, two
// max pools, two separable heads, focal and Huber loss on fixed targets, SGD with momentum.
import { RandomStream } from "../../src/base/random.ts";
import type { HostTensor, HostTensors, Operations, Row } from "./contestant.ts";
import { makeTargets, targetsOf } from "./targets.ts";

const batch = 4;
const side = 128;
const classes = 2;
const stemChannels = 16;
/** Channels of every separable block, and whether a 3x3 max pool of stride 2 goes before it. */
const blocks = [
  { channels: 24, pooled: false },
  { channels: 48, pooled: true },
  { channels: 48, pooled: false },
  { channels: 64, pooled: true },
  { channels: 64, pooled: false },
  { channels: 64, pooled: false },
] as const;
const stride = 8;
const boxWeight = 50;
/** Logits start at a probability of 0.01. */
const rare = -Math.log(99);

function drawn(name: string, layout: HostTensor["layout"], shape: number[], deviation: number): HostTensor {
  const random = new RandomStream(1, `peers/detector/${name}`);
  const length = shape.reduce((product, extent) => product * extent, 1);
  return { shape, layout, data: Float32Array.from({ length }, () => deviation * random.nextNormal()) };
}

const filled = (length: number, value: number): HostTensor => ({
  shape: [length],
  layout: "plain",
  data: new Float32Array(length).fill(value),
});

function separableParameters(name: string, inputs: number, outputs: number): HostTensors {
  return {
    [`${name}.depthwise`]: drawn(`${name}.depthwise`, "depthwise", [inputs, 1, 3, 3], Math.sqrt(2 / 9)),
    [`${name}.pointwise`]: drawn(
      `${name}.pointwise`,
      "convolution",
      [outputs, inputs, 1, 1],
      Math.sqrt(2 / inputs),
    ),
  };
}

const normParameters = (name: string, channels: number): HostTensors => ({
  [`${name}.gamma`]: filled(channels, 1),
  [`${name}.beta`]: filled(channels, 0),
});

function makeParameters(): HostTensors {
  let parameters: HostTensors = {
    "stem.weight": drawn("stem.weight", "convolution", [stemChannels, 1, 3, 3], Math.sqrt(2 / 9)),
    ...normParameters("stem", stemChannels),
  };
  let channels = stemChannels;
  blocks.forEach((block, index) => {
    const name = `block${index}`;
    parameters = {
      ...parameters,
      ...separableParameters(name, channels, block.channels),
      ...normParameters(name, block.channels),
    };
    channels = block.channels;
  });
  return {
    ...parameters,
    ...separableParameters("classes", channels, 9 * classes),
    "classes.bias": filled(9 * classes, rare),
    ...separableParameters("boxes", channels, 36),
    "boxes.bias": filled(36, 0),
  };
}

function graph<T>(o: Operations<T>, t: Readonly<Record<string, T>>): T {
  const separable = (x: T, name: string) =>
    o.pointwise(o.depthwise(x, t[`${name}.depthwise`]), t[`${name}.pointwise`], t[`${name}.bias`]);
  const normalized = (x: T, name: string) => o.batchNorm(x, t[`${name}.gamma`], t[`${name}.beta`], "swish");
  let x = normalized(o.conv2d(t.image, t["stem.weight"]), "stem");
  blocks.forEach(({ pooled }, index) => {
    x = normalized(separable(pooled ? o.maxPool(x) : x, `block${index}`), `block${index}`);
  });
  const targets = targetsOf(t);
  const classLoss = o.focalLoss(separable(x, "classes"), targets);
  const boxLoss = o.huberLoss(separable(x, "boxes"), targets);
  return o.add(classLoss, boxLoss, boxWeight);
}

/** One step of training: losses, gradients, update. */
export function smallDetectorRow(): Row {
  const parameters = makeParameters();
  const inputs = {
    image: drawn("image", "image", [batch, 1, side, side], 1),
    ...makeTargets("detector", batch, side / stride, classes),
    ...parameters,
  };
  const count = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
  return {
    name: "training step",
    title: `forward, backward and SGD with momentum of a detector of ${count.toLocaleString("en")} parameters on ${batch}x1x${side}x${side}`,
    inputs,
    result: "scalar",
    graph,
    gradients: Object.keys(parameters),
    training: { rate: 0.01, momentum: 0.9 },
    tolerance: 1e-3,
  };
}
