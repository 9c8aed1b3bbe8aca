// The detector's blocks, BiFPN and heads against an independent implementation's outputs and gradients.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layers } from "../../src/autograd/layers.ts";
import { unpackLevels } from "../../src/autograd/operations/pyramid.ts";
import { batchNormSqueezeExcite } from "../../src/autograd/operations/squeezeExcite.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { mobileBlock } from "../../src/detector/backbone.ts";
import { type DetectorConfig, detectorConfig } from "../../src/detector/config.ts";
import { heads } from "../../src/detector/heads.ts";
import { bifpn } from "../../src/detector/pyramid.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { below, type GoldenTensors, loadGolden } from "../helpers/goldens.ts";
import { checkOperators, networkBound, type OperatorCase } from "../helpers/operatorCase.ts";

const engine = sharedEngine();

/** The family's conventions for one padding, with what the golden changes. */
function configFor(padding: "symmetric" | "same", changes: Partial<DetectorConfig> = {}): DetectorConfig {
  return { ...detectorConfig("d0", { inChannels: 1, numClasses: 3, padding }), ...changes };
}

/** Squeeze-and-excite behind a batch norm that changes nothing. */
function squeezeExcite(layers: Layers, x: Tensor, golden: GoldenTensors): Tensor {
  const { tape } = layers;
  const parameter = (name: string) =>
    layers.parameter(name, golden.get(`param.${name}`)!.shape, { kind: "constant", value: 0 });
  const tensors = {
    reduceWeight: parameter("conv_reduce.weight"),
    reduceBias: parameter("conv_reduce.bias"),
    expandWeight: parameter("conv_expand.weight"),
    expandBias: parameter("conv_expand.bias"),
  };
  const channel = (value: number) =>
    tape.constant(`${value}s`, [x.shape[1]], new Float32Array(x.shape[1]).fill(value));
  return batchNormSqueezeExcite(
    tape,
    x,
    { gamma: channel(1), beta: channel(0), runningMean: channel(0), runningVariance: channel(1) },
    { mode: "frozen", epsilon: 0, momentum: 0, activation: "none" },
    tensors,
  );
}

test("squeeze-and-excite", async (context) => {
  const { tensors } = loadGolden("ops_norm_act");
  const cases = ["se", "se_1x1map"].map((name): OperatorCase => {
    const own = below(tensors, `${name}/`);
    return { name, tensors: own, build: (layers, [x]) => squeezeExcite(layers, x, own) };
  });
  await checkOperators(context, engine.current, cases);
});

interface BlockAttributes {
  readonly train: boolean;
  readonly eps: number;
}

test("mobile blocks", async (context) => {
  const { tensors, attributes } = loadGolden<Record<string, BlockAttributes>>("ops_blocks");
  const cases = Object.entries(attributes).map(([name, { train, eps }]): OperatorCase => {
    const own = below(tensors, `${name}/`);
    const config = configFor(name.endsWith("same") ? "same" : "symmetric");
    assert.equal(config.backboneNorm.epsilon, eps);
    const [, kernel, stride] = /_k(\d)_s(\d)_/.exec(name)!.map(Number);
    const inputs = own.get("x")!.shape[1];
    const expansion = own.get("param.conv_dw.weight")!.shape[0] / inputs;
    const stage = { repeats: 1, kernel, stride, expansion, channels: own.get("y")!.shape[1] };
    return {
      name,
      tensors: own,
      normalization: train ? "training" : "frozen",
      bound: networkBound,
      build: (layers, [x]) => mobileBlock(layers, config, x, { stage, stride, dropRate: 0, index: 0 }),
    };
  });
  await checkOperators(context, engine.current, cases);
});

interface NetworkAttributes {
  readonly repeats: number;
  readonly fpn_channels?: number;
  readonly num_classes?: number;
}

test("BiFPN and class network", async (context) => {
  const { tensors, attributes } = loadGolden<Record<string, NetworkAttributes>>("ops_bifpn_head");
  const cases = Object.entries(attributes).map(([name, { repeats, fpn_channels }]): OperatorCase => {
    const padding = name.endsWith("tf") ? "same" : "symmetric";
    const own = below(tensors, `${name}/`);
    if (fpn_channels) {
      const config = configFor(padding, { pyramidChannels: fpn_channels, cells: repeats });
      const build: OperatorCase["build"] = (layers, inputs) => bifpn(layers, config, inputs).levels;
      return { name, tensors: own, bound: networkBound, build };
    }
    const pyramidChannels = own.get("x.0")!.shape[1];
    const config = configFor(padding, { pyramidChannels, headRepeats: repeats });
    return {
      name,
      tensors: own,
      scope: "class_net",
      bound: networkBound,
      build: (layers, inputs) => {
        const sizes = inputs.map(({ shape: [, , height, width] }) => [height, width] as const);
        return unpackLevels(layers.tape, heads(layers, config, inputs).classLogits, sizes);
      },
    };
  });
  await checkOperators(context, engine.current, cases);
});
