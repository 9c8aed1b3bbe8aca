import { join } from "node:path";
import type { Command } from "commander";
import { writeFileAtomically } from "../base/files.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { withEngine } from "../engine/engine.ts";
import { runCells } from "../experiment/cells.ts";
import { readPlan } from "../experiment/plan.ts";
import { summarizeExperiment } from "../experiment/summary.ts";
import { renderExperiment } from "../experiment/table.ts";
import { experimentPage } from "../report/experimentPage.ts";
import { Interrupted } from "../train/trainer.ts";
import { watchForInterrupt } from "./interrupt.ts";
import { createReporter } from "./reporter.ts";

interface ExperimentOptions {
  readonly out?: string;
  readonly adapter?: string;
}

async function experiment(file: string, { out, adapter }: ExperimentOptions): Promise<void> {
  const plan = await readPlan(file);
  const folder = out ?? join("runs", `experiment-${plan.name}`);
  const reporter = createReporter();
  const interrupt = watchForInterrupt(reporter);
  await withEngine({ adapter }, async (engine) => {
    reporter.note(`adapter: ${describeAdapter(engine.adapter)}`);
    try {
      const cells = await runCells({ engine, folder, plan, reporter, signal: interrupt.signal });
      const summary = summarizeExperiment(plan, cells);
      await writeFileAtomically(join(folder, "experiment.json"), `${JSON.stringify(summary, null, 2)}\n`);
      const notes = [`Trained on ${describeAdapter(engine.adapter)}.`];
      await writeFileAtomically(join(folder, "experiment.html"), await experimentPage(summary, notes));
      reporter.note(`\n${renderExperiment(summary)}\n`);
      reporter.note(join(folder, "experiment.html"));
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      reporter.note(`stopped and saved; go on with the same command`);
      process.exitCode = 130;
    }
  }).finally(interrupt.stop);
}

export function addExperiment(program: Command): void {
  program
    .command("experiment")
    .description("run a plan's conditions from several seeds, and compare what they give")
    .argument("<plan>", "JSON file, such as those in experiments/")
    .option("--out <folder>", "where the runs and the results go; default: runs/experiment-<plan>")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(experiment);
}
