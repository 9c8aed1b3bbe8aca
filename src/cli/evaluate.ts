import type { Command } from "commander";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { readManifest } from "../data/manifest.ts";
import { withEngine } from "../engine/engine.ts";
import { renderSummary } from "../evaluate/summaryTable.ts";
import { detectAll, figuresOf } from "../regime/evaluation.ts";
import { RunLoaders } from "../regime/loaders.ts";
import { imageColumns } from "../regime/startRun.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { createReporter } from "./reporter.ts";

interface EvaluateOptions {
  readonly data?: string;
  readonly split: "train" | "validation" | "test";
  readonly models?: string[];
  readonly json?: string;
  readonly adapter?: string;
}

async function evaluate(
  path: string,
  { data, split, models: names, json, adapter }: EvaluateOptions,
): Promise<void> {
  const run = new TrainedRun(path);
  const { folder, modules } = run;
  const manifest = await readManifest(data ?? folder.manifest, [split], imageColumns(folder.config));
  const unknown = manifest.classes.find((label) => !folder.classes.includes(label));
  if (unknown !== undefined)
    throw new UserError(
      `${manifest.path}: has lesions of the label "${unknown}", which the run does not know: its labels are ${folder.classes.join(", ")}`,
    );
  const pairs = manifest.pairs
    .filter((pair) => pair.split === split)
    .map((pair) => ({
      ...pair,
      classes: pair.classes.map((label) => folder.classes.indexOf(manifest.classes[label - 1]) + 1),
    }));
  const models = (names ?? run.models.map(({ name }) => name)).map((name) => run.model(name));
  const reporter = createReporter();
  await withEngine({ adapter }, async (engine) => {
    const loaders = new RunLoaders(folder.config, manifest);
    const { detections } = await detectAll({ engine, folder, modules, loaders, reporter }, models, pairs);
    const figures = figuresOf(detections, folder.config);
    reporter.note(`${manifest.path}, ${split}\n\n${renderSummary(figures)}`);
    if (json) await writeFileAtomically(json, `${JSON.stringify(figures, null, 2)}\n`);
  });
}

export function addEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("the figures of a run's models on a manifest")
    .argument("<run>", "folder of a finished run")
    .option("--data <manifest>", "default: the run's own")
    .option("--split <name>", "train, validation or test", "test")
    .option("--models <names...>", "some of those that the results table names; default: all")
    .option("--json <file>", "write the figures")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(evaluate);
}
