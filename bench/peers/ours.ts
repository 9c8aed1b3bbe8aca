// Our side of a row: the graph on a tape, compiled by the engine.
import { pointwiseConv2d as pointwiseKernel } from "../../kernels/pointwiseConv2d.ts";
import { gradientTable } from "../../src/autograd/gradients.ts";
import { add } from "../../src/autograd/operations/arithmetic.ts";
import { conv2d, depthwiseConv2d, pointwiseConv2d } from "../../src/autograd/operations/convolution.ts";
import { fuse } from "../../src/autograd/operations/fusion.ts";
import { focalLoss, huberBoxLoss } from "../../src/autograd/operations/losses.ts";
import { batchNorm } from "../../src/autograd/operations/normalization.ts";
import { optimize, scheduleValues } from "../../src/autograd/operations/optimizer.ts";
import { maxPool2d } from "../../src/autograd/operations/pooling.ts";
import { ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { packageVersion } from "../../src/base/files.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { compile, type Inputs } from "../../src/engine/program.ts";
import { Rest } from "../../src/engine/rest.ts";
import { type Contestant, comparedSteps, type Operations, type Peer, type Row } from "./contestant.ts";

function recorder(tape: Tape): Operations<Tensor> {
  let norms = 0;
  return {
    matrixProduct(weight, x) {
      const [outputs, inputs] = weight.shape;
      const parameters = { batch: 1, inputs, outputs, pixels: x.shape[1], transposed: false };
      return tape.apply(pointwiseKernel, parameters, { x, weight, bias: tape.zeros(outputs) }).y;
    },
    conv2d: (x, weight) => conv2d(tape, x, weight, { stride: 2, padding: "symmetric" }),
    depthwise: (x, weight) => depthwiseConv2d(tape, x, weight, { stride: 1, padding: "symmetric" }),
    pointwise: (x, weight, bias) => pointwiseConv2d(tape, x, weight, bias),
    maxPool: (x) => maxPool2d(tape, x, "symmetric"),
    batchNorm(x, gamma, beta, activation) {
      const statistic = (name: string) => tape.input(`${name} ${norms}`, gamma.shape);
      const running = { runningMean: statistic("mean"), runningVariance: statistic("variance") };
      norms++;
      const options = { mode: "training", epsilon: 1e-3, momentum: 0.01, activation } as const;
      return batchNorm(tape, x, { gamma, beta, ...running }, options);
    },
    fuse(same, half, twice, weights) {
      const [, , height, width] = same.shape;
      const options = { height, width, padding: "symmetric", normalized: true, activation: "swish" } as const;
      return fuse(tape, [same, half, twice], weights, options);
    },
    focalLoss(logits, { classTargets, normalizer }) {
      const numClasses = logits.shape[1] / 9;
      const options = { numClasses, alpha: 0.25, gamma: 1.5 };
      return focalLoss(tape, logits, classTargets, normalizer, options);
    },
    huberLoss: (codes, { boxTargets, normalizer }) =>
      huberBoxLoss(tape, codes, boxTargets, normalizer, { delta: 0.1 }),
    add: (a, b, scale) => add(tape, a, b, 1, scale),
  };
}

const hostInputs = (row: Row, names: readonly string[]): Inputs =>
  Object.fromEntries(names.map((name) => [name, row.inputs[name].data]));

/** Result and gradients of a row on a tape of its own. */
function recordGradients(row: Row) {
  const tape = new Tape();
  const inputs = Object.fromEntries(
    Object.entries(row.inputs).map(([name, { shape, data }]) => {
      const dtype = data instanceof Int32Array ? "i32" : "f32";
      return [name, tape.input(name, shape, dtype, row.gradients.includes(name))];
    }),
  );
  const y = row.graph(recorder(tape), inputs);
  const gradients = row.gradients.length > 0 ? tape.backward(gradientTable, y, inputs.dy) : {};
  return { tape, outputs: { y, ...gradients } as Record<string, Tensor> };
}

async function prepareOperation(engine: Engine, row: Row): Promise<Contestant> {
  const { tape, outputs } = recordGradients(row);
  const checked = await compile(engine, row.name, tape, outputs);
  const timed = await compile(engine, row.name, tape, {});
  const inputs = hostInputs(row, Object.keys(row.inputs));
  await timed.run(inputs);
  const rest = new Rest();
  return {
    // Without outputs a run resolves at once; with them the program would wait as it is waited here.
    async run() {
      await timed.run();
      await rest.until(() => engine.settle());
    },
    async outputs() {
      const results = await checked.run(inputs);
      checked.release();
      return results;
    },
    release: () => timed.release(),
  };
}

async function prepareTraining(engine: Engine, row: Row): Promise<Contestant> {
  const tape = new Tape();
  const set = new ParameterSet(row.name);
  const given = Object.keys(row.inputs).filter((name) => !row.gradients.includes(name));
  for (const name of row.gradients)
    set.parameters.declare(name, row.inputs[name].shape, { kind: "constant", value: 0 });
  const values = new Float32Array(set.parameters.length);
  for (const { name, offset } of set.parameters.entries) values.set(row.inputs[name].data, offset);
  const tensors = Object.fromEntries([
    ...given.map((name) => {
      const { shape, data } = row.inputs[name];
      return [name, tape.input(name, shape, data instanceof Int32Array ? "i32" : "f32")] as const;
    }),
    ...set.parameters.entries.map((entry) => [entry.name, tape.parameter(set, entry, true)] as const),
  ]);
  const loss = row.graph(recorder(tape), tensors);
  tape.backward(gradientTable, loss);
  const { rate, momentum } = row.training!;
  const optimizer = { kind: "sgd", momentum, weightDecay: 0, clipNorm: 0 } as const;
  optimize(tape, [set], tape.input("schedule", [1]), optimizer);
  engine.writePlane(set.plane("values"), values);
  const program = await compile(engine, row.name, tape, { loss });
  const inputs = { ...hostInputs(row, given), schedule: scheduleValues(optimizer, rate, 1) };
  return {
    run: async () => void (await program.run()),
    async outputs() {
      const losses = [(await program.run(inputs)).loss[0]];
      while (losses.length < comparedSteps) losses.push((await program.run()).loss[0]);
      return { losses: Float32Array.from(losses) };
    },
    release() {
      program.release();
      engine.releasePlanes(program.plan.planes);
    },
  };
}

export function ours(engine: Engine): Peer & { prepare(row: Row): Promise<Contestant> } {
  return {
    name: "Diptych",
    version: packageVersion(),
    method: "NCHW, one submit a run",
    prepare: (row) => (row.training ? prepareTraining(engine, row) : prepareOperation(engine, row)),
  };
}
