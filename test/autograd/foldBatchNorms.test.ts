// Batch norms folded into convolutions: the same numbers, none left where none may be, none gone where one is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { foldBatchNorms } from "../../src/autograd/foldBatchNorms.ts";
import { gradientTable } from "../../src/autograd/gradients.ts";
import { Interpreter } from "../../src/autograd/interpreter.ts";
import { type LayerMode, Layers } from "../../src/autograd/layers.ts";
import { type FlatLayout, initialValues, ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { RandomStream } from "../../src/base/random.ts";
import { type DetectorConfig, detectorConfig } from "../../src/detector/config.ts";
import { compile } from "../../src/engine/program.ts";
import { type RecordedDetector, recordDetector } from "../helpers/detectorProgram.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();
const inference: LayerMode = { normalization: "frozen", trainable: false };
const draw = { kind: "normal", deviation: 0.3 } as const;
const norm = { epsilon: 1e-3, momentum: 0.1 };

const kernels = ({ operations }: Tape): string[] => operations.map(({ kernel }) => kernel.name);
const unfolded = (tape: Tape): number => kernels(tape).filter((name) => name.startsWith("batchNorm")).length;

/** First values, and norms and statistics that are not those of a network before its first step. */
function writeValues(set: ParameterSet): void {
  const random = new RandomStream(7, "folded norms");
  const values = initialValues(set.parameters, 1, "folded");
  const fill = (layout: FlatLayout, plane: Float32Array, wanted: RegExp, next: () => number) => {
    for (const { name, shape, offset } of layout.entries)
      if (wanted.test(name)) for (let i = 0; i < shape[0]; i++) plane[offset + i] = next();
  };
  fill(set.parameters, values, /\.(bn|bn\d)\.weight$/, () => random.nextUniform(0.5, 1.5));
  fill(set.parameters, values, /\.(bn|bn\d)\.bias$/, () => random.nextUniform(-0.5, 0.5));
  const statistics = new Float32Array(set.statistics.length);
  fill(set.statistics, statistics, /running_mean$/, () => random.nextUniform(-0.5, 0.5));
  fill(set.statistics, statistics, /running_var$/, () => random.nextUniform(0.5, 2));
  engine.current.writePlane(set.plane("values"), values);
  engine.current.writePlane(set.plane("statistics"), statistics);
}

const outputsOf = ({ features, predictions }: RecordedDetector): Record<string, Tensor> => ({
  ...predictions,
  ...Object.fromEntries(features.pyramid.levels.map((level, index) => [`P${index + 3}`, level])),
});

/** What a detector computes, and the largest difference of the folded one as a share of each output's largest element. */
async function compareFolded(config: DetectorConfig, shape: readonly number[]): Promise<number> {
  const set = new ParameterSet("detector");
  const plain = recordDetector(config, shape, inference, set);
  const folded = recordDetector(config, shape, inference, set);
  foldBatchNorms(folded.tape, Object.values(outputsOf(folded)));
  assert.ok(unfolded(plain.tape) > 50);
  assert.equal(unfolded(folded.tape), 0);
  writeValues(set);
  const random = new RandomStream(3, "image");
  const image = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.nextNormal());
  const [expected, actual] = [plain, folded].map(async (detector) => {
    const program = await compile(engine.current, "folded", detector.tape, outputsOf(detector));
    const outputs = await program.run({ image });
    program.release();
    return outputs;
  });
  let worst = 0;
  for (const [name, values] of Object.entries(await expected)) {
    const found = (await actual)[name];
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    values.forEach((value, index) => {
      worst = Math.max(worst, Math.abs(value - found[index]) / largest);
    });
  }
  engine.current.releasePlanes([set.plane("values"), set.plane("statistics")]);
  return worst;
}

for (const [model, shape] of [
  ["nano", [2, 1, 128, 128]],
  ["d0", [1, 1, 256, 128]],
] as const)
  test(`${model} detects the same with its batch norms folded`, async (context) => {
    const config = detectorConfig(model, { numClasses: 2, inChannels: 1 });
    const worst = await compareFolded(config, shape);
    context.diagnostic(`largest difference ${worst.toExponential(1)} of the largest element`);
    assert.ok(worst < 2e-5, `${worst}`);
  });

/** A pointwise convolution and its batch norm. */
function recordPair(mode: LayerMode) {
  const tape = new Tape();
  const layers = new Layers(tape, new ParameterSet("pair"), mode);
  const x = tape.input("x", [1, 4, 2, 2]);
  const between = layers.at("conv").pointwiseConv2d(x, 8, draw);
  return { tape, layers, between, y: layers.at("bn").batchNorm(between, norm) };
}

test("a batch norm alone behind its convolution goes", () => {
  const { tape, y } = recordPair(inference);
  foldBatchNorms(tape, [y]);
  assert.deepEqual(kernels(tape), ["foldBatchNorm", "pointwiseConv2dBatchNorm"]);
  assert.equal(tape.operations[1].tensors.y, y);
  assert.deepEqual(
    tape.operations.map(({ label }) => label),
    ["batch norms of pair/values foldBatchNorm", "conv pointwiseConv2dBatchNorm"],
  );
});

test("a folded pair is the same function in float64", () => {
  const [plain, folded] = [recordPair(inference), recordPair(inference)];
  foldBatchNorms(folded.tape, [folded.y]);
  const [expected, actual] = [plain, folded].map(({ tape, layers, y }) => {
    const interpreter = new Interpreter();
    const random = new RandomStream(5, "pair");
    for (const name of ["values", "statistics"] as const)
      interpreter.plane(layers.set.plane(name)).forEach((_, index, plane) => {
        plane[index] = random.nextUniform(0.5, 1.5);
      });
    interpreter.run(tape, { x: Array.from({ length: 16 }, () => random.nextNormal()) });
    return interpreter.values(y);
  });
  // The folded norm's epsilon is a float32.
  expected.forEach((value, index) => {
    assert.ok(Math.abs(value - actual[index]) < 1e-9, `y[${index}]: ${actual[index]}, not ${value}`);
  });
});

test("a batch norm stays where the convolution's own output is wanted", () => {
  const { tape, between, y } = recordPair(inference);
  foldBatchNorms(tape, [y, between]);
  assert.deepEqual(kernels(tape), ["pointwiseConv2d", "batchNorm"]);
});

test("a batch norm stays where it is differentiated, by the batch's statistics or the running ones", () => {
  for (const normalization of ["training", "frozen"] as const) {
    const { tape, y } = recordPair({ normalization, trainable: true });
    tape.backward(gradientTable, y, tape.constant("upstream", y.shape, new Float32Array(32).fill(1)));
    const before = kernels(tape);
    foldBatchNorms(tape, [y]);
    assert.deepEqual(kernels(tape), before);
  }
});

test("a batch norm stays where its statistics have changed before", () => {
  const set = new ParameterSet("pair");
  const tape = new Tape();
  const record = (mode: LayerMode) => {
    const layers = new Layers(tape, set, mode);
    const x = tape.input(mode.normalization, [1, 4, 2, 2]);
    return layers.at("bn").batchNorm(layers.at("conv").pointwiseConv2d(x, 8, draw), norm);
  };
  const outputs = [record({ normalization: "training", trainable: false }), record(inference)];
  foldBatchNorms(tape, outputs);
  assert.deepEqual(kernels(tape), ["pointwiseConv2d", "batchNormTraining", "pointwiseConv2d", "batchNorm"]);
});
