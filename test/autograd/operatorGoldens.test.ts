// Every operation against an independent implementation's outputs and gradients.
import { test } from "node:test";
import { focalLoss } from "../../kernels/focalLoss.ts";
import type { Padding } from "../../kernels/geometry.ts";
import type { Layers } from "../../src/autograd/layers.ts";
import { sigmoid, swish } from "../../src/autograd/operations/activation.ts";
import { add, scale } from "../../src/autograd/operations/arithmetic.ts";
import { fuse } from "../../src/autograd/operations/fusion.ts";
import { huberBoxLoss, meanSquaredError } from "../../src/autograd/operations/losses.ts";
import { maxPool2d, upsampleNearest } from "../../src/autograd/operations/pooling.ts";
import type { Initializer } from "../../src/autograd/parameters.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { below, type GoldenTensors, goldenValues, loadGolden } from "../helpers/goldens.ts";
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

/** The element losses in the shape of a level of 80 pixels, one anchor and one class. */
function focalCase(
  name: string,
  focal: GoldenTensors,
  normalizer: number,
  labelSmoothing: number,
): OperatorCase {
  const logits = goldenValues(focal, "logits");
  const pixels = logits.length;
  const targets = Int32Array.from(goldenValues(focal, "targets"), (target) => (target === 1 ? 0 : -1));
  const gamma = Number(/g(\d\.\d)$/.exec(name)![1]);
  const sizes = { batch: 1, numClasses: 1, perPixel: 1, pixels, anchors: pixels };
  // Chunks of one element, so that each one's loss can be seen.
  const parameters = { ...sizes, alpha: 0.25, gamma, labelSmoothing, groups: pixels, chunk: 1 };
  return {
    name,
    tensors: new Map([
      ["x", { shape: [pixels], values: logits }],
      ["y", { shape: [pixels], values: goldenValues(focal, `${name}.loss`) }],
      ["dy", { shape: [pixels], values: new Float64Array(pixels).fill(1) }],
      ["dx", { shape: [pixels], values: goldenValues(focal, `${name}.grad`) }],
    ]),
    build: ({ tape }, [x]) => {
      const classTargets = tape.constant("targets", [pixels], targets);
      const divisor = tape.constant("normalizer", [1], Float32Array.of(normalizer));
      return tape.apply(focalLoss, parameters, { logits: x, classTargets, normalizer: divisor }).loss;
    },
  };
}

test("focal loss, element by element", async (context) => {
  const focal = below(loadGolden("ops_loss").tensors, "focal/");
  const cases = ["g1.5", "g2.0"].flatMap((gamma) => [
    focalCase(`exact.${gamma}`, focal, 1, 0),
    focalCase(`new.${gamma}`, focal, 1, 0),
    focalCase(`new_norm7.${gamma}`, focal, 7, 0),
    focalCase(`new_ls01.${gamma}`, focal, 1, 0.1),
  ]);
  await checkOperators(context, engine.current, cases);
});

const scalar = (value: number) => ({ shape: [1], values: Float64Array.of(value) });

function huberCase(name: string, huber: GoldenTensors, normalizer: number): OperatorCase {
  const input = huber.get("input")!;
  const targets = goldenValues(huber, "target");
  // As a level of ten pixels with one anchor each, whose codes lie channel by channel and targets anchor by anchor.
  const pixels = targets.length / 4;
  const boxTargets = Float32Array.from(targets, (_, i) => targets[(i % 4) * pixels + Math.floor(i / 4)]);
  return {
    name,
    tensors: new Map([
      ["x", { shape: [1, 4, pixels, 1], values: input.values }],
      ["y", scalar(goldenValues(huber, `${name}.loss`)[0])],
      ["dy", scalar(1)],
      ["dx", { shape: [1, 4, pixels, 1], values: goldenValues(huber, `${name}.grad`) }],
    ]),
    build: ({ tape }, [x]) =>
      huberBoxLoss(
        tape,
        x,
        tape.constant("targets", [1, pixels, 4], boxTargets),
        tape.constant("normalizer", [1], Float32Array.of(normalizer)),
        { delta: 0.1 },
      ),
  };
}

test("huber loss", async (context) => {
  const huber = below(loadGolden("ops_loss").tensors, "huber/");
  // The sum alone is the box loss with a normaliser that undoes its division by 4.
  const cases = [huberCase("box_loss_npos13", huber, 13), huberCase("sum_masked", huber, 0.25)];
  await checkOperators(context, engine.current, cases);
});

const mseReductions = {
  sum_of_level_means: () => 1,
  mean_of_level_means: (_: number, levels: readonly number[]) => 1 / levels.length,
  global_mean: (length: number, levels: readonly number[]) =>
    length / levels.reduce((sum, level) => sum + level, 0),
};

test("mean squared error over a pyramid", async (context) => {
  const mse = below(loadGolden("ops_loss").tensors, "mse/");
  const levels = [0, 1, 2, 3, 4];
  const lengths = levels.map((level) => goldenValues(mse, `a.${level}`).length);
  const cases = Object.entries(mseReductions).map(([name, share]): OperatorCase => {
    const maps = levels.flatMap((level) => {
      const a = mse.get(`a.${level}`)!;
      const slope = goldenValues(mse, `${name}.grad.${level}`);
      return [
        [`x.${2 * level}`, a],
        [`dx.${2 * level}`, { shape: a.shape, values: slope }],
        [`x.${2 * level + 1}`, mse.get(`b.${level}`)!],
        [`dx.${2 * level + 1}`, { shape: a.shape, values: slope.map((value) => -value) }],
      ] as const;
    });
    return {
      name,
      tensors: new Map([...maps, ["y", scalar(goldenValues(mse, `${name}.loss`)[0])], ["dy", scalar(1)]]),
      build: ({ tape }, maps) =>
        levels
          .map((level) => {
            const term = meanSquaredError(tape, maps[2 * level], maps[2 * level + 1]);
            return scale(tape, term, share(lengths[level], lengths));
          })
          .reduce((a, b) => add(tape, a, b)),
    };
  });
  await checkOperators(context, engine.current, cases);
});
