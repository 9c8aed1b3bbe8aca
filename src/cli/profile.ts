import { type Command, Option } from "commander";
import { initialValues } from "../autograd/parameters.ts";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { RandomStream } from "../base/random.ts";
import { detectorConfig, modelNames } from "../detector/config.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { type ProgramTiming, profileProgram } from "../engine/profiler.ts";
import { compile, type Inputs } from "../engine/program.ts";
import { timerQuantum } from "../engine/timer.ts";
import { makeConfig } from "../regime/config.ts";
import { createModules } from "../regime/modules.ts";
import { stageTasks } from "../regime/stages.ts";
import { renderProfile, traceOf } from "../report/profile.ts";
import { inputsOf, prepareSets, recordStep, recordValidation } from "../train/step.ts";
import type { BatchShape } from "../train/task.ts";
import { imageSize, integer } from "./options.ts";

interface ProfileOptions {
  model: string;
  imageSize: [number, number];
  batch: number;
  task: string;
  program: "training" | "frozen" | "validation";
  runs: number;
  trace?: string;
  adapter?: string;
}

const tasks = ["module_a", "module_b", "predictor_fused"] as const;

/** Noise with one lesion in every other image: what the kernels do hardly depends on it. */
function makeInputs({ batch, height, width, maxBoxes }: BatchShape): Inputs {
  const random = new RandomStream(1, "profile");
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

async function timeProgram(engine: Engine, options: ProfileOptions): Promise<ProgramTiming> {
  const { model, batch, program: kind, runs } = options;
  const config = makeConfig("default", []);
  const modules = createModules(detectorConfig(model, { numClasses: 2, inChannels: 1 }), false);
  const task = stageTasks(modules, config).find(({ name }) => name === options.task);
  if (!task) throw new UserError(`--task ${options.task}: must be one of ${tasks.join(", ")}`);
  for (const name of [...task.trains, ...task.reads])
    for (const plane of ["values", "statistics"] as const) {
      const { layout } = modules[name].set.plane(plane);
      engine.writePlane(modules[name].set.plane(plane), initialValues(layout, 1, name));
    }
  await prepareSets(engine, task.trained);
  const [height, width] = options.imageSize;
  const shape = { batch, height, width, maxBoxes: config.maxBoxes };
  const recorded =
    kind === "validation" ? recordValidation(task, shape) : recordStep(task, shape, config.optimizer, kind);
  const program = await compile(engine, `${model}, ${task.title}, ${kind}`, recorded.tape, recorded.outputs);
  console.log(program.describe());
  return profileProgram(program, inputsOf(program, makeInputs(shape)), runs);
}

async function profile(options: ProfileOptions): Promise<void> {
  await withEngine({ adapter: options.adapter }, async (engine) => {
    console.log(
      `adapter: ${describeAdapter(engine.adapter)}; timer quantum ${await timerQuantum(engine)} ns`,
    );
    const timing = await timeProgram(engine, options);
    console.log(`\n${renderProfile(timing)}`);
    if (!options.trace) return;
    await writeFileAtomically(options.trace, traceOf(timing));
    console.log(`\ntrace: ${options.trace}, for ui.perfetto.dev or chrome://tracing`);
  });
}

export function addProfile(program: Command): void {
  program
    .command("profile")
    .description("time a program dispatch by dispatch")
    .addOption(new Option("--model <name>").choices(modelNames).default("nano"))
    .option("--image-size <size>", "side, or height x width as in 1024x512", imageSize, [128, 128])
    .option("--batch <n>", "images a step", integer, 4)
    .addOption(new Option("--task <name>", "what is trained").choices(tasks).default("module_a"))
    .addOption(
      new Option("--program <name>", "a step with batch or with running statistics, or validation")
        .choices(["training", "frozen", "validation"])
        .default("training"),
    )
    .option("--runs <n>", "timed runs", integer, 5)
    .option("--trace <file>", "write a trace for a viewer")
    .option("--adapter <kind>", "auto, hardware, software or embedded")
    .action(profile);
}
