// Whole detectors with running statistics against an independent implementation: backbone, pyramid and predictions.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { foldBatchNorms } from "../../src/autograd/foldBatchNorms.ts";
import { type DetectorConfig, detectorConfig } from "../../src/detector/config.ts";
import { compile } from "../../src/engine/program.ts";
import {
  namedTensors,
  type RecordedDetector,
  recordDetector,
  smallConfig,
} from "../helpers/detectorProgram.ts";
import { sharedEngine } from "../helpers/engine.ts";
import {
  bitSum,
  bitsOf,
  formulaInput,
  formulaPlane,
  type Gains,
  projection,
  streamOf,
  unitAt,
} from "../helpers/formula.ts";
import { below, goldenNames, loadGolden, normError } from "../helpers/goldens.ts";
import { fillPlane } from "../helpers/parameters.ts";
import { WorstError } from "../helpers/worst.ts";

const engine = sharedEngine();

/** Of each tensor's norm. */
const bound = 1e-4;

const evaluation = { normalization: "frozen", trainable: false } as const;

/**
 * Runs a detector whose planes are written, as it is recorded and with its batch norms folded.
 * @returns its tensors by the goldens' names, of each run.
 */
async function runDetector(detector: RecordedDetector, wanted: Set<string>, image: Float32Array) {
  const outputs = Object.fromEntries(
    Object.entries(namedTensors(detector)).filter(([name]) => wanted.has(name)),
  );
  assert.deepEqual(new Set(Object.keys(outputs)), wanted);
  const runs: Record<string, Float32Array>[] = [];
  for (const folded of [false, true]) {
    if (folded) foldBatchNorms(detector.tape, Object.values(outputs));
    const norms = detector.tape.operations.filter(({ kernel }) => /^batchNorm/.test(kernel.name));
    // Those of the heads stay where four pixels may lie in two levels.
    assert.equal(
      norms.every(({ label }) => label.includes("bn_rep")),
      folded,
    );
    const program = await compile(engine.current, "detector", detector.tape, outputs);
    runs.push(await program.run({ image }));
    program.release();
  }
  engine.current.releasePlanes([detector.set.plane("values"), detector.set.plane("statistics")]);
  return runs;
}

test("the small model's stages have the reference's depths and widths", () => {
  const { stemChannels, stages } = smallConfig();
  assert.equal(stemChannels, 8);
  assert.deepEqual(
    stages.map(({ repeats }) => repeats),
    [1, 2, 2, 3, 3, 4, 1],
  );
  assert.deepEqual(
    stages.map(({ channels }) => channels),
    [8, 8, 16, 24, 32, 48, 80],
  );
});

test("small model", async (context) => {
  const { tensors, attributes } = loadGolden<{ norms: Record<string, number> }>("small_eval");
  const image = tensors.get("input")!;
  const detector = recordDetector(smallConfig(), image.shape, evaluation);
  const weights = loadGolden("small_weights").tensors;
  for (const name of ["values", "statistics"] as const) {
    const plane = detector.set.plane(name);
    engine.current.writePlane(plane, fillPlane(plane.layout, weights));
  }
  const { parameters, statistics } = detector.set;
  assert.equal(weights.size, parameters.entries.length + statistics.entries.length);
  assert.equal(parameters.count, 472_401);
  const wanted = goldenNames(tensors);
  wanted.delete("input");
  const runs = await runDetector(detector, wanted, Float32Array.from(image.values));
  const worst = new WorstError();
  for (const results of runs)
    for (const name of wanted)
      worst.take(name, normError(results[name], tensors, name, attributes.norms[name]), bound);
  context.diagnostic(`worst error ${worst}`);
});

test("the formula's numbers", () => {
  assert.deepEqual(
    [streamOf("input", 1), streamOf("backbone.conv_stem.weight", 1), streamOf("x", 0)],
    [2537021482, 4187649854, 794621484],
  );
  const input = streamOf("input", 1);
  assert.deepEqual(
    [0, 1, 2, 1000000].map((index) => bitsOf(input, index)),
    [2935849647, 2629540849, 2151099047, 3080457991],
  );
  assert.equal(unitAt(streamOf("x", 0), 2), 0.9700711965560913);
});

interface FormulaAttributes {
  readonly gains: Gains;
  readonly input_shape: readonly [batch: number, channels: number, height: number, width: number];
  readonly num_classes: number;
  readonly pad_type: string;
  readonly input_u32sum: number;
  readonly weights_u32sum_total: number;
  readonly outputs: Readonly<Record<string, { shape: number[]; l2: number; proj: number }>>;
}

const seed = 1;
const formula = loadGolden<Record<string, FormulaAttributes>>("formula");

function formulaConfig(
  name: string,
  { num_classes, input_shape, pad_type }: FormulaAttributes,
): DetectorConfig {
  const padding = pad_type === "same" ? "same" : "symmetric";
  const width = name.startsWith("small") ? 0.25 : undefined;
  const model = /d\d/.exec(name)![0];
  return detectorConfig(model, { numClasses: num_classes, inChannels: input_shape[1], padding, width });
}

/** Writes the formula's weights, whose bits sum to the reference's only if every name and shape is the same. */
function writeFormulaWeights({ set }: RecordedDetector, { gains, weights_u32sum_total }: FormulaAttributes) {
  let sum = 0;
  for (const name of ["values", "statistics"] as const) {
    const plane = set.plane(name);
    const values = formulaPlane(plane.layout, gains, seed);
    sum = (sum + bitSum(values)) >>> 0;
    engine.current.writePlane(plane, values);
  }
  assert.equal(sum, weights_u32sum_total, "the weights are not the reference's");
}

async function compareFormulaCase(context: TestContext, name: string): Promise<void> {
  const attributes = formula.attributes[name];
  const { input_shape, input_u32sum, outputs } = attributes;
  const detector = recordDetector(formulaConfig(name, attributes), input_shape, evaluation);
  writeFormulaWeights(detector, attributes);
  const image = formulaInput(input_shape, seed);
  assert.equal(bitSum(image), input_u32sum, "the input is not the reference's");
  const runs = await runDetector(detector, new Set(Object.keys(outputs)), image);
  const samples = below(formula.tensors, `${name}/`);
  const worst = new WorstError();
  const worstProjection = new WorstError();
  for (const results of runs)
    for (const [output, { l2, proj }] of Object.entries(outputs)) {
      worst.take(output, normError(results[output], samples, output, l2), bound);
      // A random projection sees 0.58 of the norm of an error that is spread over the tensor.
      const difference = Math.abs(projection(output, results[output]) - proj);
      worstProjection.take(output, difference / l2, bound);
    }
  context.diagnostic(`worst error ${worst}, of the projections ${worstProjection}`);
}

for (const name of Object.keys(formula.attributes))
  test(name, (context) => compareFormulaCase(context, name));
