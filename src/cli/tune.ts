import { type Command, Option } from "commander";
import { recordModel, renderTuning, tuneShapes } from "../../bench/tune.ts";
import { registry } from "../../kernels/registry.ts";
import { UserError } from "../base/errors.ts";
import { modelNames } from "../detector/config.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { withEngine } from "../engine/engine.ts";
import { TuningTable, tuningFile, tuningVariable } from "../engine/tuning.ts";
import { imageSize, integer, positiveNumber } from "./options.ts";
import { createReporter } from "./reporter.ts";

interface CliOptions {
  model: string;
  imageSize: [number, number];
  batch: number;
  kernel?: string;
  seconds: number;
  again: boolean;
  adapter?: string;
}

async function tune({ model, imageSize, batch, kernel, adapter, ...options }: CliOptions): Promise<void> {
  const setting = process.env[tuningVariable];
  if (setting === "off")
    throw new UserError(`${tuningVariable}=off: there is nowhere to store choices: unset it or name a file`);
  if (kernel && !registry.some(({ name }) => name === kernel))
    throw new UserError(`--kernel ${kernel}: must be one of ${registry.map(({ name }) => name).join(", ")}`);
  const shapes = recordModel(model, batch, imageSize).filter(
    (shape) => kernel === undefined || shape.kernel.name === kernel,
  );
  // Off: what is searched must not depend on what was found before.
  await withEngine({ adapter, tuning: "off" }, async (engine) => {
    const reporter = createReporter();
    const table = TuningTable.open(setting || tuningFile(engine.adapter), engine.adapter);
    reporter.note(`adapter: ${describeAdapter(engine.adapter)}`);
    const result = await tuneShapes(engine, table, shapes, options, reporter);
    reporter.note(`\n${renderTuning(result)}`);
    reporter.note(`tuning cache: ${table.path}, choices ${table.identity}`);
  });
}

export function addTune(program: Command): void {
  program
    .command("tune")
    .description(
      "search the fastest variants and workgroup sizes of a model's kernels; training then uses them",
    )
    .addOption(new Option("--model <name>", "whose shapes").choices(modelNames).default("nano"))
    .option("--image-size <size>", "side, or height x width as in 1024x512", imageSize, [128, 128])
    .option("--batch <n>", "images a step", integer, 4)
    .option("--kernel <name>", "this kernel alone")
    .option("--seconds <n>", "for the whole; run again to go on", positiveNumber, 120)
    .option("--again", "also what is tuned already", false)
    .option("--adapter <kind>", "auto, hardware, software or embedded")
    .action(tune);
}
