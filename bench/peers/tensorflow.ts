// TensorFlow.js on its WebGPU backend, eager as it always is, channels last as its kernels want it.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { Rest } from "../../src/engine/rest.ts";
import {
  type Contestant,
  channelsFirst,
  channelsLast,
  comparedSteps,
  type HostTensor,
  type Layout,
  type Operations,
  type Peer,
  type Row,
} from "./contestant.ts";

/** The transposition of a convolution's weight [O, I, h, w] to [h, w, I, O], and of a depthwise one's to [h, w, C, 1]. */
function kernelLast(data: ArrayLike<number>, shape: readonly number[], layout: Layout): Float32Array {
  const [outputs, inputs, height, width] = shape;
  const moved = new Float32Array(data.length);
  const taps = height * width;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < taps; tap++) {
        const last = layout === "depthwise" ? o : i * outputs + o;
        moved[tap * inputs * outputs + last] = data[(o * inputs + i) * taps + tap];
      }
  return moved;
}

function upload({ shape, layout, data }: HostTensor): tf.Tensor {
  if (layout === "plain")
    return tf.tensor(data, [...shape], data instanceof Int32Array ? "int32" : "float32");
  const [a, b, height, width] = shape;
  if (layout === "image") return tf.tensor(channelsLast(data, shape), [a, height, width, b]);
  const last: number[] = layout === "depthwise" ? [height, width, a, 1] : [height, width, b, a];
  return tf.tensor(kernelLast(data, shape, layout), last);
}

/** [h, w, I, O] to [O, I, h, w]; a depthwise weight has O = 1. */
function kernelFirst(
  data: ArrayLike<number>,
  [height, width, inputs, outputs]: readonly number[],
): Float32Array {
  const moved = new Float32Array(data.length);
  const taps = height * width;
  for (let tap = 0; tap < taps; tap++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        moved[(o * inputs + i) * taps + tap] = data[(tap * inputs + i) * outputs + o];
  return moved;
}

/** The values of a tensor in our layout. */
async function download(tensor: tf.Tensor, layout: Layout | "scalar"): Promise<Float32Array> {
  const data = (await tensor.data()) as Float32Array;
  if (layout === "plain" || layout === "scalar") return data;
  const [batch, height, width, channels] = tensor.shape;
  return layout === "image"
    ? channelsFirst(data, [batch, channels, height, width])
    : kernelFirst(data, tensor.shape);
}

const pad = (weight: tf.Tensor): number => Math.floor(weight.shape[0] / 2);
const as4 = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;
const maxPool = (x: tf.Tensor): tf.Tensor => tf.maxPool(as4(x), 3, 2, 1, "floor");
const swish = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.sigmoid(x));

const operations: Operations<tf.Tensor> = {
  matrixProduct: (weight, x) => tf.matMul(weight, x),
  conv2d: (x, weight) => tf.conv2d(as4(x), as4(weight), 2, pad(weight), "NHWC", [1, 1], "floor"),
  depthwise: (x, weight) => tf.depthwiseConv2d(as4(x), as4(weight), 1, pad(weight), "NHWC", [1, 1], "floor"),
  pointwise(x, weight, bias) {
    const y = tf.conv2d(as4(x), as4(weight), 1, "valid");
    return bias ? tf.add(y, bias) : y;
  },
  maxPool,
  batchNorm(x, gamma, beta, activation) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const y = tf.batchNorm(
      x,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      beta as tf.Tensor1D,
      gamma as tf.Tensor1D,
      1e-3,
    );
    return activation === "swish" ? swish(y) : y;
  },
  fuse(same, half, twice, weights) {
    const [height, width] = same.shape.slice(1, 3);
    const up = tf.image.resizeNearestNeighbor(as4(half), [height, width]);
    const down = maxPool(twice);
    const positive = tf.relu(weights);
    const factors = tf.split(tf.div(positive, tf.add(tf.sum(positive), 1e-4)), 3);
    const terms = [same, up, down].map((map, index) => tf.mul(map, factors[index]));
    return swish(tf.add(tf.add(terms[0], terms[1]), terms[2]));
  },
  focalLoss(logits, { positives, normalizer }) {
    const z = tf.mul(logits, tf.sub(1, tf.mul(2, positives)));
    const alpha = tf.sub(0.75, tf.mul(0.5, positives));
    const modulated = tf.mul(alpha, tf.pow(tf.sigmoid(z), 1.5));
    return tf.squeeze(tf.div(tf.sum(tf.mul(modulated, tf.softplus(z))), normalizer));
  },
  huberLoss(codes, { boxImage, normalizer }) {
    const error = tf.abs(tf.sub(codes, boxImage));
    const quadratic = tf.minimum(error, 0.1);
    const value = tf.add(tf.mul(0.5, tf.square(quadratic)), tf.mul(0.1, tf.sub(error, quadratic)));
    const counted = tf.cast(tf.notEqual(boxImage, 0), "float32");
    return tf.squeeze(tf.div(tf.sum(tf.mul(value, counted)), tf.mul(4, normalizer)));
  },
  add: (a, b, scale) => tf.add(a, tf.mul(scale, b)),
};

async function deviceDone(rest: Rest): Promise<void> {
  const backend = tf.backend() as WebGPUBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await rest.until(() => backend.queue.onSubmittedWorkDone());
}

function prepareOperation(row: Row): Contestant {
  const inputs = Object.fromEntries(Object.entries(row.inputs).map(([name, host]) => [name, upload(host)]));
  const wanted = row.gradients.map((name) => inputs[name]);
  const graph = (...given: tf.Tensor[]) =>
    row.graph(operations, {
      ...inputs,
      ...Object.fromEntries(row.gradients.map((name, index) => [name, given[index]])),
    });
  const compute = (): tf.Tensor[] => {
    if (wanted.length === 0) return [graph()];
    const { value, grads } = valueAndGradients(graph, wanted, inputs.dy);
    return [value, ...grads];
  };
  const rest = new Rest();
  return {
    async run() {
      const results = tf.tidy(compute);
      await deviceDone(rest);
      tf.dispose(results);
    },
    async outputs() {
      const [y, ...gradients] = tf.tidy(compute);
      const values: Record<string, Float32Array> = { y: await download(y, row.result) };
      for (const [index, name] of row.gradients.entries())
        values[name] = await download(gradients[index], row.inputs[name].layout);
      tf.dispose([y, ...gradients]);
      return values;
    },
    release: () => tf.dispose(inputs),
  };
}

/** tf.valueAndGrads wants a scalar; the engine below it takes an upstream gradient as well. */
function valueAndGradients(graph: (...given: tf.Tensor[]) => tf.Tensor, wanted: tf.Tensor[], dy?: tf.Tensor) {
  return tf.engine().gradients(() => graph(...wanted), wanted, dy, true);
}

function prepareTraining(row: Row): Contestant {
  const inputs = Object.fromEntries(Object.entries(row.inputs).map(([name, host]) => [name, upload(host)]));
  const variables = row.gradients.map((name) => tf.variable(inputs[name]));
  const named = { ...inputs, ...Object.fromEntries(row.gradients.map((name, i) => [name, variables[i]])) };
  const optimizer = tf.train.momentum(row.training!.rate, row.training!.momentum);
  const step = () =>
    optimizer.minimize(() => row.graph(operations, named) as tf.Scalar, true, variables) as tf.Scalar;
  const rest = new Rest();
  return {
    async run() {
      const loss = step();
      await deviceDone(rest);
      loss.dispose();
    },
    async outputs() {
      const losses: number[] = [];
      while (losses.length < comparedSteps) {
        const loss = step();
        losses.push((await loss.data())[0]);
        loss.dispose();
      }
      return { losses: Float32Array.from(losses) };
    },
    release() {
      tf.dispose([inputs, variables]);
      optimizer.dispose();
    },
  };
}

/** @throws where its backend does not start. `navigator.gpu` must be there. */
export async function tensorflow(): Promise<Peer> {
  await import("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("its WebGPU backend did not start");
  await tf.ready();
  return {
    name: "TensorFlow.js",
    version: tf.version_core,
    method: "WebGPU, NHWC, eager",
    prepare: async (row) => (row.training ? prepareTraining(row) : prepareOperation(row)),
  };
}
