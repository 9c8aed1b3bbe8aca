import { join, resolve } from "node:path";
import type { Command } from "commander";
import { UserError } from "../base/errors.ts";
import type { Reporter } from "../base/reporter.ts";
import { modelNames } from "../detector/config.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { untunedIdentity } from "../engine/tuning.ts";
import { renderSummary } from "../evaluate/summaryTable.ts";
import { checkStoredConfig, presetNames } from "../regime/config.ts";
import { runRegime } from "../regime/run.ts";
import { RunFolder } from "../regime/runFolder.ts";
import { dataOf, factsOf, fitToData } from "../regime/startRun.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { Interrupted } from "../train/trainer.ts";
import { configOf, optionName } from "./config.ts";
import { watchForInterrupt } from "./interrupt.ts";
import { imageSize, integer } from "./options.ts";
import { writeReport } from "./report.ts";
import { createReporter } from "./reporter.ts";

interface TrainOptions {
  data?: string;
  model?: string;
  imageSize?: [number, number];
  batch?: number;
  epochs?: number;
  seed?: number;
  adapter?: string;
  out?: string;
  stage: number;
  resume?: string;
  preset?: string;
  config?: string;
}

export function addTrain(program: Command): void {
  program
    .command("train")
    .description("train the three stages and print what the fused model gains")
    .option("--preset <name>", `${presetNames.join(", ")} (default: default)`)
    .option("--data <manifest>", "pair manifest; default: a simulated set, made on first use")
    .option("--model <name>", modelNames.join(", "))
    .option(
      "--image-size <size>",
      "side, or height x width as in 1024x512; multiples of 128 (nano: 32)",
      imageSize,
    )
    .option("--batch <pairs>", "pairs a step", integer)
    .option("--epochs <n>", "epochs of every stage", integer)
    .option("--seed <n>", "of everything random", integer)
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .option("--out <folder>", "folder of the run; default: a new one under runs/")
    .option("--stage <n>", "last stage to run, 1 to 3", integer, 3)
    .option("--resume <run>", "go on with the run in this folder")
    .option("--config <file>", "JSON with any field of a run's config.json")
    .action(train);
}

/** The fields that the command line gives; unknown adapters and models are the schema's to refuse. */
function overridesOf({ data, model, imageSize, batch, epochs, seed, adapter }: TrainOptions) {
  const stages = epochs && { stage1: epochs, stage2: epochs, stage3: epochs };
  return { data: data && resolve(data), model, imageSize, batch, epochs: stages, seed, adapter };
}

/** Says which tuned choices are in force, and when they are not those that the run began with. */
function reportTuning(
  { tuning, tuningIdentity }: Engine,
  resumed: RunFolder | undefined,
  reporter: Reporter,
) {
  if (tuning && tuningIdentity !== untunedIdentity)
    reporter.note(`tuning: ${tuningIdentity} (${tuning.path})`);
  if (resumed && resumed.tuning !== tuningIdentity)
    reporter.warn(
      `tuning ${tuningIdentity} is not that which the run began with, ${resumed.tuning}: last bits may differ from an uninterrupted run`,
    );
}

function resumeRun({ resume, adapter, stage, ...others }: TrainOptions): RunFolder | undefined {
  if (!resume) return undefined;
  const [conflicting] = Object.keys(others);
  if (conflicting)
    throw new UserError(
      `${optionName(conflicting)} cannot be changed by --resume: the run keeps its configuration; only --adapter and --stage can`,
    );
  return RunFolder.open(resume, checkStoredConfig);
}

const timestamp = (): string => new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");

async function train(options: TrainOptions): Promise<void> {
  const { stage, out = join("runs", `${options.preset ?? "default"}-${timestamp()}`) } = options;
  if (stage < 1 || stage > 3) throw new UserError(`--stage ${stage}: must be 1, 2 or 3`);
  const resumed = resumeRun(options);
  if (!resumed) RunFolder.refuseOccupied(out);
  const config =
    resumed?.config ?? (await configOf(options.preset ?? "default", options.config, overridesOf(options)));
  const reporter = createReporter();
  const interrupt = watchForInterrupt(reporter);
  await withEngine({ adapter: options.adapter ?? config.adapter ?? undefined }, async (engine) => {
    reporter.note(`adapter: ${describeAdapter(engine.adapter)}`);
    reportTuning(engine, resumed, reporter);
    const manifest = await dataOf(engine, config, reporter, interrupt.signal);
    const fitted = fitToData(config, manifest, reporter);
    const folder = resumed ?? (await RunFolder.create(out, fitted, factsOf(engine, manifest)));
    reporter.note(`run: ${folder.path}`);
    const context = { engine, folder, manifest, reporter, interrupted: () => interrupt.signal.aborted };
    try {
      const results = await runRegime(context, stage);
      if (!results) return;
      reporter.note(`\n${renderSummary(results)}\n`);
      await writeReport(engine, new TrainedRun(folder.path), manifest, reporter);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      reporter.note(`stopped and saved; go on with: node train.mjs --resume ${folder.path}`);
      process.exitCode = 130;
    }
  }).finally(interrupt.stop);
}
