// Six steps of every optimiser, and averages of the parameters, against PyTorch's.
import { type TestContext, test } from "node:test";
import {
  averageParameters,
  type OptimizerOptions,
  optimize,
  scheduleLength,
  scheduleValues,
} from "../../src/autograd/operations/optimizer.ts";
import { decayMask, ParameterSet } from "../../src/autograd/parameters.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { compile } from "../../src/engine/program.ts";
import { sharedEngine } from "../helpers/engine.ts";
import { below, type GoldenTensor, loadGolden } from "../helpers/goldens.ts";
import { entryValues, fillPlane } from "../helpers/parameters.ts";
import { WorstError } from "../helpers/worst.ts";

const engine = sharedEngine();

interface OptimizerAttributes {
  readonly optim: {
    readonly sgd_clip: { readonly clip_norms: readonly number[] };
    readonly adamw_lrsched: { readonly lrs: readonly number[] };
  };
}

const { tensors, attributes } = loadGolden<OptimizerAttributes>("ops_optim");
const golden = below(tensors, "optim/");
const names = ["w", "b", "g"] as const;
const steps = 6;

interface OptimizerCase {
  readonly name: string;
  readonly options: OptimizerOptions;
  readonly rates: readonly number[];
  /** Parameters that weight decay applies to. */
  readonly decayed?: readonly string[];
  /** The average's name in the golden and its decay. */
  readonly average?: { readonly name: string; readonly decay: number };
  /** Norms of the gradients before clipping. */
  readonly norms?: readonly number[];
}

/** A step's row of a golden [steps, …shape]. */
function rowOf(name: string, step: number): GoldenTensor {
  const { shape, values } = golden.get(name)!;
  const size = values.length / shape[0];
  return { shape: shape.slice(1), values: values.slice(step * size, (step + 1) * size) };
}

function declareParameters(name: string, decayed: readonly string[]): ParameterSet {
  const set = new ParameterSet(name);
  for (const parameter of names) {
    const { shape } = golden.get(`p0.${parameter}`)!;
    set.parameters.declare(parameter, shape, { kind: "constant", value: 0 }, decayed.includes(parameter));
  }
  return set;
}

/** Runs all steps. @returns the norms of the gradients and the planes after each. */
async function runSteps({ name, options, rates, decayed = names, average }: OptimizerCase) {
  const set = declareParameters(name, decayed);
  const tape = new Tape();
  const schedule = tape.input("schedule", [scheduleLength(options)]);
  const squaredNorm = optimize(tape, [set], schedule, options);
  if (average) averageParameters(tape, [set], tape.input("averageRate", [1]));
  const on = engine.current;
  const layout = set.parameters;
  const first = fillPlane(layout, below(golden, "p0."));
  on.writePlane(set.plane("values"), first);
  on.writePlane(set.plane("average"), first);
  on.writePlane(set.plane("decay"), decayMask(layout));
  const program = await compile(on, name, tape, { squaredNorm });
  const results: { norm: number; values: Float32Array; average: Float32Array }[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = names.map((parameter) => [parameter, rowOf(`grads.${parameter}`, step)] as const);
    on.writePlane(set.plane("gradients"), fillPlane(layout, new Map(rows)));
    const outputs = await program.run({
      schedule: scheduleValues(options, rates[step], step + 1),
      ...(average && { averageRate: Float32Array.of(1 - average.decay) }),
    });
    const values = await on.readPlane(set.plane("values"));
    results.push({
      norm: Math.sqrt(outputs.squaredNorm[0]),
      values,
      average: await on.readPlane(set.plane("average")),
    });
  }
  program.release();
  return { layout, results };
}

/** Six steps of float32 roundings of parameters near 1. */
const bound = 1e-6;

async function compareCase(context: TestContext, given: OptimizerCase): Promise<void> {
  const { layout, results } = await runSteps(given);
  const worst = new WorstError();
  const compare = (name: string, step: number, actual: Float32Array, expected: Float64Array) => {
    expected.forEach((value, index) => {
      worst.take(`${name} step ${step} [${index}]`, Math.abs(actual[index] - value), bound);
    });
  };
  results.forEach(({ norm, values, average }, step) => {
    for (const parameter of names) {
      const expected = rowOf(`${given.name}.${parameter}`, step).values;
      compare(parameter, step, entryValues(layout, values, parameter), expected);
      if (!given.average) continue;
      const averaged = rowOf(`${given.average.name}.${parameter}`, step).values;
      compare(`average of ${parameter}`, step, entryValues(layout, average, parameter), averaged);
    }
    if (given.norms) worst.take(`norm at step ${step}`, Math.abs(norm / given.norms[step] - 1), bound);
  });
  context.diagnostic(`worst error ${worst}`);
}

const constant = (rate: number): number[] => Array(steps).fill(rate);

const sgd = (weightDecay: number, clipNorm = 0): OptimizerOptions => ({
  kind: "sgd",
  momentum: 0.9,
  weightDecay,
  clipNorm,
});

const adamw: OptimizerOptions = {
  kind: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.05,
  clipNorm: 0,
};

const { clip_norms: norms } = attributes.optim.sgd_clip;

// Nesterov's momentum and Adam with L2 decay are in the golden's source, but not among our optimisers.
const cases: readonly OptimizerCase[] = [
  { name: "sgd", options: sgd(4e-5), rates: constant(0.01), average: { name: "ema0.9_of_sgd", decay: 0.9 } },
  {
    name: "sgd",
    options: sgd(4e-5),
    rates: constant(0.01),
    average: { name: "ema0.9998_of_sgd", decay: 0.9998 },
  },
  { name: "sgd_wd_big", options: sgd(0.1), rates: constant(0.05) },
  { name: "timm_momentum", options: sgd(0.05), rates: constant(0.01), decayed: ["w"] },
  { name: "sgd_clip", options: sgd(4e-5, 2.5), rates: constant(0.01), norms },
  { name: "adamw", options: adamw, rates: constant(1e-3) },
  { name: "adamw_lrsched", options: adamw, rates: attributes.optim.adamw_lrsched.lrs },
];

for (const given of cases)
  test(`${given.name}${given.average ? ` and ${given.average.name}` : ""}`, (context) =>
    compareCase(context, given));
