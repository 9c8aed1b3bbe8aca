import type { Command } from "commander";
import { readManifest } from "../data/manifest.ts";
import { withEngine } from "../engine/engine.ts";
import { analyseRun } from "../regime/analyse.ts";
import { renderAnalysis } from "../regime/analysisTable.ts";
import { RunLoaders } from "../regime/loaders.ts";
import { imageColumns } from "../regime/startRun.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { createReporter } from "./reporter.ts";

async function analyse(path: string, { adapter }: { readonly adapter?: string }): Promise<void> {
  const run = new TrainedRun(path);
  const { folder, modules } = run;
  const manifest = await readManifest(folder.manifest, undefined, imageColumns(folder.config));
  const reporter = createReporter();
  await withEngine({ adapter }, async (engine) => {
    const loaders = new RunLoaders(folder.config, manifest);
    const analysis = await analyseRun({ engine, folder, modules, loaders, reporter }, run, manifest);
    await folder.writeJson("analysis.json", analysis);
    reporter.note(renderAnalysis(analysis));
    reporter.note(`\n${folder.file("analysis.json")}`);
  });
}

export function addAnalyse(program: Command): void {
  program
    .command("analyse")
    .description("where a run's gain comes from: subgroups, agreement of the single models, features")
    .argument("<run>", "folder of a finished run")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(analyse);
}
