import type { Command } from "commander";
import { writeFileAtomically } from "../base/files.ts";
import type { Reporter } from "../base/reporter.ts";
import { type Manifest, readManifest } from "../data/manifest.ts";
import { type Engine, withEngine } from "../engine/engine.ts";
import { RunLoaders } from "../regime/loaders.ts";
import { imageColumns } from "../regime/startRun.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { runPage } from "../report/runPage.ts";
import { gatherReport } from "../report/runReport.ts";
import { createReporter } from "./reporter.ts";

interface ReportOptions {
  readonly out?: string;
  readonly adapter?: string;
}

/** Writes the page of a finished run. */
export async function writeReport(
  engine: Engine,
  { folder, modules }: TrainedRun,
  manifest: Manifest,
  reporter: Reporter,
  target = folder.file("report.html"),
): Promise<void> {
  const loaders = new RunLoaders(folder.config, manifest);
  const gathered = await gatherReport({ engine, folder, modules, loaders, reporter }, manifest);
  await writeFileAtomically(target, await runPage(gathered));
  reporter.note(`report: ${target}`);
}

async function report(path: string, { out, adapter }: ReportOptions): Promise<void> {
  const run = new TrainedRun(path);
  const manifest = await readManifest(run.folder.manifest, undefined, imageColumns(run.folder.config));
  const reporter = createReporter();
  await withEngine({ adapter }, (engine) => writeReport(engine, run, manifest, reporter, out));
}

export function addReport(program: Command): void {
  program
    .command("report")
    .description("write a finished run as one HTML page: figures, curves, subgroups, pictures")
    .argument("<run>", "folder of a finished run; what analyse has left in it is shown, too")
    .option("--out <file>", "default: report.html in the run's folder")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(report);
}
