// One golden operator case through the tape: outputs, gradients and running statistics, on the device and in float64,
// against the reference's.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { concatParameters } from "../../kernels/concat.ts";
import { elementCount } from "../../kernels/kernel.ts";
import { gradientTable } from "../../src/autograd/gradients.ts";
import { Interpreter } from "../../src/autograd/interpreter.ts";
import { type LayerMode, Layers } from "../../src/autograd/layers.ts";
import { concat } from "../../src/autograd/operations/concatenation.ts";
import { ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { compile } from "../../src/engine/program.ts";
import { below, type GoldenTensors, goldenValues } from "./goldens.ts";
import { entryValues, fillPlane } from "./parameters.ts";
import { WorstError } from "./worst.ts";

export interface OperatorCase {
  readonly name: string;
  /** `param.*`, `x` or `x.0` …, `y` …, `dy` …, `dx` …, `grad.*`, `after.*`. */
  readonly tensors: GoldenTensors;
  readonly normalization?: LayerMode["normalization"];
  /** In front of the parameters' names in the golden. */
  readonly scope?: string;
  /** In place of `float32Bound`, where the case's own conditioning asks for more. */
  readonly bound?: number;
  build(layers: Layers, inputs: readonly Tensor[]): Tensor | readonly Tensor[];
}

/** What was computed, by the golden's names. */
type Results = Map<string, ArrayLike<number>>;

const numbered = (tensors: GoldenTensors, name: string): string[] =>
  [...tensors.keys()].filter((key) => key === name || key.startsWith(`${name}.`));

/** Tensors [N, …] side by side, sample by sample: one target whose gradient carries those of all of them. */
function join(tape: Tape, tensors: readonly Tensor[]): Tensor {
  const batch = tensors[0].shape[0];
  return tensors.reduce((a, b) => {
    const sizes = [a, b].map(({ shape }) => elementCount(shape) / batch);
    return concat(tape, [a, b], concatParameters(batch, sizes), [batch, sizes[0] + sizes[1]]);
  });
}

function joinValues(batch: number, parts: readonly Float64Array[]): Float64Array {
  const samples = Array.from({ length: batch }, (_, sample) =>
    parts.flatMap((part) => {
      const size = part.length / batch;
      return Array.from(part.subarray(sample * size, (sample + 1) * size));
    }),
  );
  return Float64Array.from(samples.flat());
}

class RecordedCase {
  readonly tape = new Tape();
  readonly set = new ParameterSet("golden");
  readonly inputs: Record<string, Float64Array> = {};
  readonly outputs: Record<string, Tensor> = {};

  constructor(readonly golden: OperatorCase) {
    const { tensors, normalization = "training" } = golden;
    const layers = new Layers(this.tape, this.set, { normalization, trainable: true });
    const xs = numbered(tensors, "x").map((name) => {
      this.inputs[name] = goldenValues(tensors, name);
      return this.tape.input(name, tensors.get(name)!.shape, "f32", true);
    });
    const ys = [golden.build(layers, xs)].flat() as Tensor[];
    numbered(tensors, "y").forEach((name, index) => {
      assert.deepEqual(ys[index].shape, tensors.get(name)!.shape, `${golden.name}: shape of ${name}`);
      this.outputs[name] = ys[index];
    });
    const target = join(this.tape, ys);
    const dy = this.tape.input("dy", target.shape);
    const parts = numbered(tensors, "dy").map((name) => goldenValues(tensors, name));
    this.inputs.dy = parts.length > 1 ? joinValues(ys[0].shape[0], parts) : parts[0];
    const gradients = this.tape.backward(gradientTable, target, dy);
    for (const [name, gradient] of Object.entries(gradients)) this.outputs[`d${name}`] = gradient;
  }

  get #scope(): string {
    return this.golden.scope ? `${this.golden.scope}.` : "";
  }

  /** First values of the two planes, by the golden's names; entries outside its scope stay zero. */
  planes(): { values: Float32Array<ArrayBuffer>; statistics: Float32Array<ArrayBuffer> } {
    const given = new Map(
      [...below(this.golden.tensors, "param.")].map(([name, tensor]) => [this.#scope + name, tensor]),
    );
    for (const { name, shape } of [...this.set.parameters.entries, ...this.set.statistics.entries])
      if (!name.startsWith(this.#scope))
        given.set(name, { shape, values: new Float64Array(elementCount(shape)) });
    const layouts = [this.set.parameters, this.set.statistics];
    for (const name of given.keys())
      assert.ok(
        layouts.some((layout) => layout.find(name)),
        `${this.golden.name}: the model has no ${name}`,
      );
    return {
      values: fillPlane(this.set.parameters, given),
      statistics: fillPlane(this.set.statistics, given),
    };
  }

  /** Adds gradients and running statistics, for every name that the golden has, to what `results` holds. */
  collect(results: Results, gradients: Float32Array | Float64Array, statistics: Float32Array | Float64Array) {
    const { tensors } = this.golden;
    for (const name of below(tensors, "grad.").keys())
      results.set(`grad.${name}`, entryValues(this.set.parameters, gradients, this.#scope + name));
    for (const name of below(tensors, "after.").keys())
      results.set(`after.${name}`, entryValues(this.set.statistics, statistics, this.#scope + name));
    return results;
  }
}

async function runOnDevice(engine: Engine, recorded: RecordedCase): Promise<Results> {
  const { golden, tape, set, inputs, outputs } = recorded;
  const { values, statistics } = recorded.planes();
  engine.writePlane(set.plane("values"), values);
  engine.writePlane(set.plane("statistics"), statistics);
  const program = await compile(engine, golden.name, tape, outputs);
  const host = Object.entries(inputs).map(([name, data]) => [name, Float32Array.from(data)]);
  const results: Results = new Map(Object.entries(await program.run(Object.fromEntries(host))));
  program.release();
  const gradients = await engine.readPlane(set.plane("gradients"));
  return recorded.collect(results, gradients, await engine.readPlane(set.plane("statistics")));
}

function runInFloat64(recorded: RecordedCase): Results {
  const { tape, set, inputs, outputs } = recorded;
  const interpreter = new Interpreter();
  const { values, statistics } = recorded.planes();
  interpreter.plane(set.plane("values")).set(values);
  interpreter.plane(set.plane("statistics")).set(statistics);
  interpreter.run(tape, inputs);
  const results: Results = new Map(
    Object.entries(outputs).map(([name, tensor]) => [name, interpreter.values(tensor)]),
  );
  const gradients = interpreter.plane(set.plane("gradients"));
  return recorded.collect(results, gradients, interpreter.plane(set.plane("statistics")));
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Largest |actual − expected|; NaN when anything is NaN. */
function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  const differences = Array.from(expected, (value, index) => actual[index] - value);
  return differences.some(Number.isNaN) ? Number.NaN : largest(differences);
}

const isExpected = (name: string): boolean => /^(y|dx)(\.\d+)?$|^(grad|after)\./.test(name);

function compareAll(golden: OperatorCase, results: Results, bound: number, worst: WorstError): void {
  const expected = [...golden.tensors].filter(([name]) => isExpected(name));
  assert.ok(expected.length >= 2, `${golden.name}: an output and a gradient at least`);
  const gradients = expected.filter(([name]) => /^(dx|grad)/.test(name));
  const largestGradient = Math.max(...gradients.map(([, { values }]) => largest(values)));
  for (const [name, { values }] of expected) {
    const actual = results.get(name);
    assert.ok(actual, `${golden.name}: ${name} was not computed`);
    // Gradients that are zero in theory, such as a bias's in front of a batch norm, are rounding noise on both sides;
    // where all are exactly zero (a node without a positive weight), errors count as they are.
    const scale = (largest(values) <= 1e-12 * largestGradient ? largestGradient : largest(values)) || 1;
    worst.take(`${golden.name} ${name}`, largestDifference(actual, values) / scale, bound);
  }
}

/** Of the tensor's largest element, for one operation: some tens of float32's roundings of 6e-8 in a sum. */
const float32Bound = 4e-6;
/** For blocks and networks, whose batch norms each amplify the rounding of what comes before. */
export const networkBound = 2e-5;
/** The reference itself rounds; a node with a single positive weight cancels four digits of its edge gradient. */
const float64Bound = 1e-10;

/** Runs cases of one golden file on the device and in float64; prints the worst error of each. */
export async function checkOperators(
  context: TestContext,
  engine: Engine,
  cases: readonly OperatorCase[],
): Promise<void> {
  const device = new WorstError();
  const float64 = new WorstError();
  for (const golden of cases)
    await context.test(golden.name, async () => {
      compareAll(golden, runInFloat64(new RecordedCase(golden)), float64Bound, float64);
      const onDevice = await runOnDevice(engine, new RecordedCase(golden));
      compareAll(golden, onDevice, golden.bound ?? float32Bound, device);
    });
  context.diagnostic(`worst error on the device ${device}, in float64 ${float64}`);
}
