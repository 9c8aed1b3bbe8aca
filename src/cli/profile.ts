import { type Command, Option } from "commander";
import { parseShape } from "../../bench/suites.ts";
import type { Kernel, Parameters } from "../../kernels/kernel.ts";
import { registry } from "../../kernels/registry.ts";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { modelNames } from "../detector/config.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { measureCeilings } from "../engine/ceilings.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { type ProgramTiming, profileProgram } from "../engine/profiler.ts";
import { compile } from "../engine/program.ts";
import { timerQuantum } from "../engine/timer.ts";
import { presetNames } from "../regime/config.ts";
import { noiseInputs, type ProgramKind, programKinds, recordProgram } from "../regime/programs.ts";
import { explainKernel, heaviestShape } from "../report/explain.ts";
import { renderProfile } from "../report/profile.ts";
import { profilePage } from "../report/profilePage.ts";
import { traceOf } from "../report/trace.ts";
import { inputsOf } from "../train/step.ts";
import { configOf } from "./config.ts";
import { imageSize, integer, positiveInteger } from "./options.ts";

interface ProfileOptions {
  preset: string;
  config?: string;
  model?: string;
  imageSize?: [number, number];
  batch?: number;
  fineTune?: boolean;
  task: string;
  program: ProgramKind;
  runs: number;
  rows: number;
  explain?: string;
  shape?: string;
  trace?: string;
  html?: string;
  adapter?: string;
}

async function recordChosen(options: ProfileOptions) {
  const { preset, config: file, model, imageSize, batch, fineTune } = options;
  const predictor = fineTune === undefined ? undefined : { fineTune };
  const config = await configOf(preset, file, { model, imageSize, batch, predictor });
  const [height, width] = config.imageSize;
  const shape = { batch: config.batch, height, width, maxBoxes: config.maxBoxes };
  const recorded = recordProgram(options.task, options.program, shape, config);
  return { ...recorded, inputs: noiseInputs(shape) };
}

type Recorded = Awaited<ReturnType<typeof recordChosen>>;

async function timeProgram(engine: Engine, recorded: Recorded, runs: number): Promise<ProgramTiming> {
  const { title, tape, outputs, inputs, prepare } = recorded;
  await prepare(engine);
  const program = await compile(engine, title, tape, outputs);
  console.log(program.describe());
  return profileProgram(program, inputsOf(program, inputs), runs);
}

/** @returns the heaviest shape of the kernel in the chosen program, or the one that is given. */
async function shapeToExplain(kernel: Kernel, options: ProfileOptions): Promise<Parameters> {
  if (options.shape !== undefined) return parseShape(kernel.name, options.shape).parameters;
  const { title, tape } = await recordChosen(options);
  const found = heaviestShape(kernel, tape.operations);
  if (!found)
    throw new UserError(
      `--explain ${kernel.name}: ${title} has no such dispatch; choose another --task or --program, or give --shape`,
    );
  console.log(
    `${title}: ${found.ofKernel} dispatches of ${kernel.name} at ${found.shapes} shapes, ${found.dispatches} of them at the one that does most, as in ${found.label}`,
  );
  return found.parameters;
}

async function explain(name: string, options: ProfileOptions): Promise<void> {
  const kernel = registry.find((candidate) => candidate.name === name);
  if (!kernel)
    throw new UserError(
      `--explain ${name}: must be one of ${registry.map((known) => known.name).join(", ")}`,
    );
  const parameters = await shapeToExplain(kernel, options);
  await withEngine({ adapter: options.adapter }, async ({ adapter, traits, pipelines }) => {
    console.log(`adapter: ${describeAdapter(adapter)}\n`);
    console.log(explainKernel(kernel, parameters, pipelines.choose(kernel, parameters), traits));
  });
}

async function profile(options: ProfileOptions): Promise<void> {
  if (options.explain !== undefined) return explain(options.explain, options);
  if (options.shape !== undefined) throw new UserError("--shape: goes with --explain");
  const recorded = await recordChosen(options);
  await withEngine({ adapter: options.adapter }, async (engine) => {
    const adapter = `${describeAdapter(engine.adapter)}; timer quantum ${await timerQuantum(engine)} ns`;
    console.log(`adapter: ${adapter}`);
    const ceilings = await measureCeilings(engine);
    const timing = await timeProgram(engine, recorded, options.runs);
    console.log(`\n${renderProfile(timing, ceilings, options.rows)}`);
    if (options.trace) {
      await writeFileAtomically(options.trace, traceOf(timing));
      console.log(`\ntrace: ${options.trace}, for ui.perfetto.dev or chrome://tracing`);
    }
    if (options.html) {
      await writeFileAtomically(options.html, await profilePage(timing, ceilings, adapter));
      console.log(`\npage: ${options.html}`);
    }
  });
}

export function addProfile(program: Command): void {
  program
    .command("profile")
    .description("time a program dispatch by dispatch, or explain a kernel of it")
    .option("--preset <name>", presetNames.join(", "), "default")
    .option("--config <file>", "JSON with any field of a run's config.json")
    .option("--model <name>", modelNames.join(", "))
    .option("--image-size <size>", "side, or height x width as in 1024x512", imageSize)
    .option("--batch <n>", "images a step", integer)
    .option("--fine-tune", "with predictors, train the feature networks along")
    .option("--task <name>", "of a run's tasks: module_a, module_c, module_b, predictor_fused, …", "module_a")
    .addOption(
      new Option(
        "--program <name>",
        "a step with the batch's or with running statistics, the losses alone, or detection",
      )
        .choices(programKinds)
        .default("training"),
    )
    .option("--runs <n>", "timed runs", positiveInteger, 5)
    .option("--rows <n>", "lines of each table", positiveInteger, 20)
    .option("--explain <kernel>", "show what runs for a kernel, at its heaviest shape in the program")
    .option("--shape <fields>", "or at this shape, as in length=4096,alpha=1,beta=1")
    .option("--trace <file>", "write a trace for a viewer")
    .option("--html <file>", "write a page with plots and a sortable table")
    .option("--adapter <kind>", "auto, hardware, software or embedded")
    .action(profile);
}
