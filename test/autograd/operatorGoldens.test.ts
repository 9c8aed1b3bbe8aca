// Every operation against an independent implementation's outputs and gradients.
import { test } from "node:test";
import type { Padding } from "../../kernels/geometry.ts";
import type { Layers } from "../../src/autograd/layers.ts";
import { sigmoid, swish } from "../../src/autograd/operations/activation.ts";
import { fuse } from "../../src/autograd/operations/fusion.ts";
import { maxPool2d, upsampleNearest } from "../../src/autograd/operations/pooling.ts";
import type { Initializer } from "../../src/autograd/parameters.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { below, type GoldenTensors, loadGolden } from "../helpers/goldens.ts";
import { checkOperators, type OperatorCase } from "../helpers/operatorCase.ts";

const engine = sharedEngine();
const zero: Initializer = { kind: "constant", value: 0 };

const paddingOf = (mode: string): Padding => (mode === "same" ? "same" : "symmetric");

interface ConvolutionAttributes {
  readonly kernel?: number;
  readonly stride: number;
  readonly pad_mode: string;
  readonly groups: number;
  readonly bias: boolean;
}

function convolution(layers: Layers, x: Tensor, tensors: GoldenTensors, attributes: ConvolutionAttributes) {
  const { kernel, stride, pad_mode, groups, bias } = attributes;
  if (kernel === undefined) {
    const window = { kernel: 3, stride: 1, padding: "symmetric" } as const;
    const spatial = layers.at("conv_dw").depthwiseConv2d(x, window, zero);
    const outputs = tensors.get("param.conv_pw.weight")!.shape[0];
    return layers.at("conv_pw").pointwiseConv2d(spatial, outputs, zero, zero);
  }
  const filters = tensors.get("param.weight")!.shape[0];
  const window = { kernel, stride, padding: paddingOf(pad_mode) };
  if (kernel === 1) return layers.pointwiseConv2d(x, filters, zero, bias ? zero : undefined);
  return groups > 1 ? layers.depthwiseConv2d(x, window, zero) : layers.conv2d(x, filters, window, zero);
}

test("convolutions", async (context) => {
  const { tensors, attributes } = loadGolden<Record<string, ConvolutionAttributes>>("ops_conv");
  const cases = Object.entries(attributes).map(([name, given]): OperatorCase => {
    const own = below(tensors, `${name}/`);
    return { name, tensors: own, build: (layers, [x]) => convolution(layers, x, own, given) };
  });
  await checkOperators(context, engine.current, cases);
});

interface NormalizationAttributes {
  readonly train: boolean;
  readonly eps: number;
  readonly momentum?: number;
}

test("batch norms", async (context) => {
  const { tensors, attributes } = loadGolden<Record<string, NormalizationAttributes>>("ops_norm_act");
  const names = Object.keys(attributes).filter((name) => name.startsWith("bn_"));
  const cases = names.map((name): OperatorCase => {
    const { train, eps, momentum = 0 } = attributes[name];
    const [batch, , height, width] = tensors.get(`${name}/x`)!.shape;
    return {
      name,
      tensors: below(tensors, `${name}/`),
      normalization: train ? "training" : "frozen",
      // Two values have a gradient only by way of epsilon: all but a share of epsilon / variance cancels.
      bound: batch * height * width === 2 ? 1e-4 : undefined,
      build: (layers, [x]) => layers.batchNorm(x, { epsilon: eps, momentum }),
    };
  });
  await checkOperators(context, engine.current, cases);
});

test("activations", async (context) => {
  // The golden's relu6 belongs to the lite models, which are not among ours.
  const { tensors } = loadGolden("ops_norm_act");
  const cases = Object.entries({ swish, sigmoid }).map(
    ([name, operation]): OperatorCase => ({
      name,
      tensors: below(tensors, `${name}/`),
      build: ({ tape }, [x]) => operation(tape, x),
    }),
  );
  await checkOperators(context, engine.current, cases);
});

interface ResamplingAttributes {
  readonly pad_mode: string;
  readonly method?: "fastattn" | "attn" | "sum";
}

function edgeWeights(layers: Layers, count: number, method: string): Tensor {
  const { tape } = layers;
  if (method === "sum") return tape.constant("plain sum", [count], new Float32Array(count).fill(1));
  return layers.parameter("edge_weights", [count], zero);
}

test("pooling, upsampling and fusion", async (context) => {
  const { tensors, attributes } = loadGolden<Record<string, ResamplingAttributes>>("ops_pool_fuse");
  // Fusion by a soft-max of the weights (`attn`) is no part of our models.
  const ours = Object.entries(attributes).filter(([, { method }]) => method !== "attn");
  const cases = ours.map(([name, { pad_mode, method }]): OperatorCase => {
    const own = below(tensors, `${name}/`);
    const [, , height, width] = own.get("y")!.shape;
    const options = { height, width, padding: "same", normalized: method === "fastattn" } as const;
    return {
      name,
      tensors: own,
      build(layers, inputs) {
        const { tape } = layers;
        if (method) return fuse(tape, inputs, edgeWeights(layers, inputs.length, method), options);
        if (name.startsWith("upsample")) return upsampleNearest(tape, inputs[0], height, width);
        return maxPool2d(tape, inputs[0], paddingOf(pad_mode));
      },
    };
  });
  await checkOperators(context, engine.current, cases);
});
