// The programs behind a task: one that trains on a batch, one that only takes its losses.
import { foldBatchNorms } from "../autograd/foldBatchNorms.ts";
import { gradientTable } from "../autograd/gradients.ts";
import type { LayerMode } from "../autograd/layers.ts";
import {
  averageParameters,
  type OptimizerOptions,
  optimize,
  scheduleLength,
} from "../autograd/operations/optimizer.ts";
import { decayMask, type ParameterSet } from "../autograd/parameters.ts";
import { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Engine } from "../engine/engine.ts";
import { type Plan, planTape } from "../engine/plan.ts";
import { compile, type Inputs, type Program } from "../engine/program.ts";
import { BatchInputs, type BatchShape, type Task } from "./task.ts";

/**
 * Losses, gradients, optimiser and averages of one batch in one submit. Its inputs besides the batch: `random` u32
 * [seed, step], `schedule` (see `scheduleValues`) and `averageRate` [1]. Outputs: the losses and `squaredNorm`.
 */
export function recordStep(
  task: Task,
  shape: BatchShape,
  optimizer: OptimizerOptions,
  normalization: LayerMode["normalization"],
) {
  const tape = new Tape();
  const random = tape.input("random", [2], "u32");
  const mode: LayerMode = { normalization, trainable: true, random };
  const losses = task.losses(tape, new BatchInputs(tape, shape), mode);
  tape.backward(gradientTable, losses.loss);
  const schedule = tape.input("schedule", [scheduleLength(optimizer)]);
  const squaredNorm = optimize(tape, task.trained, schedule, optimizer);
  averageParameters(tape, task.trained, tape.input("averageRate", [1]));
  const outputs: Record<string, Tensor> = { ...losses, squaredNorm };
  foldBatchNorms(tape, Object.values(outputs));
  return { tape, outputs };
}

/** The losses of one batch with averaged parameters and running statistics. */
export function recordValidation(task: Task, shape: BatchShape) {
  const tape = new Tape();
  const mode: LayerMode = { normalization: "frozen", trainable: false, averaged: true };
  const outputs: Record<string, Tensor> = { ...task.losses(tape, new BatchInputs(tape, shape), mode) };
  foldBatchNorms(tape, Object.values(outputs));
  return { tape, outputs };
}

export interface TaskPrograms {
  /** Normalises by the batch. */
  readonly step: Program;
  /** Normalises by the running statistics, as inference will. */
  readonly frozenStep: Program;
  readonly validation: Program;
}

/** @param onPlan is called with the training step's plan before anything is compiled, which may take a while. */
export async function compileTask(
  engine: Engine,
  task: Task,
  shape: BatchShape,
  optimizer: OptimizerOptions,
  onPlan: (step: Plan) => void = () => {},
): Promise<TaskPrograms> {
  const recorded = {
    step: recordStep(task, shape, optimizer, "training"),
    frozenStep: recordStep(task, shape, optimizer, "frozen"),
    validation: recordValidation(task, shape),
  };
  onPlan(planTape(recorded.step.tape, Object.values(recorded.step.outputs)));
  const programs = Object.entries(recorded).map(async ([name, { tape, outputs }]) => [
    name,
    await compile(engine, `${task.title}, ${name}`, tape, outputs),
  ]);
  return Object.fromEntries(await Promise.all(programs)) as TaskPrograms;
}

/** Those of the given arrays that a program takes. */
export function inputsOf(program: Program, given: Inputs): Inputs {
  return Object.fromEntries(program.plan.inputs.map(({ name }) => [name, given[name]]));
}

/** Puts averages, optimiser state and decay mask of freshly drawn or loaded sets in order. */
export async function prepareSets(engine: Engine, sets: readonly ParameterSet[]): Promise<void> {
  for (const set of sets) {
    engine.writePlane(set.plane("decay"), decayMask(set.parameters));
    for (const name of ["momentum", "secondMoment"] as const)
      engine.writePlane(set.plane(name), new Float32Array(set.parameters.length));
    engine.writePlane(set.plane("average"), await engine.readPlane(set.plane("values")));
    engine.writePlane(set.plane("averageStatistics"), await engine.readPlane(set.plane("statistics")));
  }
}

/** Makes the averages the parameters, and gives the memory that only training needed back. */
export async function finishSets(engine: Engine, sets: readonly ParameterSet[]): Promise<void> {
  for (const set of sets) {
    engine.writePlane(set.plane("values"), await engine.readPlane(set.plane("average")));
    engine.writePlane(set.plane("statistics"), await engine.readPlane(set.plane("averageStatistics")));
    const temporary = [
      "gradients",
      "momentum",
      "secondMoment",
      "decay",
      "average",
      "averageStatistics",
    ] as const;
    engine.releasePlanes(temporary.map((name) => set.plane(name)));
  }
}
