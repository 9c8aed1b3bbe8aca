// Any one program of a run by name, for who looks at it alone: recorded, with its modules' first values and a batch.
import { initialValues } from "../autograd/parameters.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { UserError } from "../base/errors.ts";
import { RandomStream } from "../base/random.ts";
import type { Engine } from "../engine/engine.ts";
import type { Inputs } from "../engine/program.ts";
import { prepareSets, recordStep, recordValidation } from "../train/step.ts";
import type { BatchShape } from "../train/task.ts";
import type { Config } from "./config.ts";
import { recordInference } from "./detect.ts";
import { comparedModels } from "./models.ts";
import { type Modules, modulesOf } from "./modules.ts";
import { type StageTask, stageTasks } from "./stages.ts";

/** A step that normalises by the batch, one by running statistics, the losses alone, or detections. */
export const programKinds = ["training", "frozen", "validation", "inference"] as const;
export type ProgramKind = (typeof programKinds)[number];

export interface RecordedProgram {
  readonly title: string;
  readonly tape: Tape;
  readonly outputs: Record<string, Tensor>;
  /** Puts first values, averages and optimiser state of every module that it uses into the engine's planes. */
  prepare(engine: Engine): Promise<void>;
}

async function writeFirstValues(engine: Engine, modules: Modules, names: readonly string[], seed: number) {
  for (const name of names)
    for (const plane of ["values", "statistics"] as const) {
      const { layout } = modules[name].set.plane(plane);
      engine.writePlane(modules[name].set.plane(plane), initialValues(layout, seed, name));
    }
}

function recordTask(modules: Modules, task: StageTask, kind: ProgramKind, shape: BatchShape, config: Config) {
  const recorded =
    kind === "training" || kind === "frozen"
      ? recordStep(task, shape, config.optimizer, kind)
      : recordValidation(task, shape);
  return {
    ...recorded,
    title: `${config.model}, ${task.title}, ${kind}`,
    async prepare(engine: Engine) {
      await writeFirstValues(engine, modules, [...task.trains, ...task.reads], config.seed);
      await prepareSets(engine, task.trained);
    },
  };
}

function recordModel(modules: Modules, name: string, shape: BatchShape, config: Config) {
  const models = comparedModels(modules, config);
  const model = models.find(({ heads }) => heads[0].set.name === name);
  if (!model) {
    const names = models.map(({ heads }) => heads[0].set.name).join(", ");
    throw new UserError(`--task ${name}: no model infers by its heads: must be one of ${names}`);
  }
  return {
    ...recordInference(model, shape),
    title: `${config.model}, ${model.name}, inference`,
    prepare: (engine: Engine) => writeFirstValues(engine, modules, model.modules, config.seed),
  };
}

/** The modules and tasks of a run, with two classes. */
function planRun(config: Config): { modules: Modules; tasks: StageTask[] } {
  const modules = modulesOf(config, 2);
  return { modules, tasks: stageTasks(modules, config) };
}

/** The tasks that `recordProgram` knows by name. */
export const taskNames = (config: Config): string[] => planRun(config).tasks.map(({ name }) => name);

/**
 * @param name of a task of `stageTasks`; with `inference` of the module whose heads detect.
 * @throws UserError when there is no such task, or nothing is inferred with it.
 */
export function recordProgram(
  name: string,
  kind: ProgramKind,
  shape: BatchShape,
  config: Config,
): RecordedProgram {
  const { modules, tasks } = planRun(config);
  const task = tasks.find((candidate) => candidate.name === name);
  if (!task)
    throw new UserError(`--task ${name}: must be one of ${tasks.map((known) => known.name).join(", ")}`);
  return kind === "inference"
    ? recordModel(modules, name, shape, config)
    : recordTask(modules, task, kind, shape, config);
}

/** Noise with one lesion in every other image: what the kernels do hardly depends on it. */
export function noiseInputs({ batch, height, width, maxBoxes }: BatchShape): Inputs {
  const random = new RandomStream(1, "noise images");
  const image = () => Float32Array.from({ length: batch * height * width }, () => random.nextNormal());
  const boxes = new Float32Array(batch * maxBoxes * 4).fill(-1);
  const classes = new Int32Array(batch * maxBoxes).fill(-1);
  for (let sample = 0; sample < batch; sample += 2) {
    boxes.set([height / 4, width / 4, height / 2, width / 2], sample * maxBoxes * 4);
    classes[sample * maxBoxes] = 1;
  }
  return {
    sm: image(),
    ffdm: image(),
    smBoxes: boxes,
    ffdmBoxes: boxes,
    classes,
    random: Uint32Array.of(1, 0),
    schedule: Float32Array.of(1e-4, 0.1, 0.001),
    averageRate: Float32Array.of(0.1),
  };
}
