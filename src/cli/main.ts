import { Command } from "commander";
import { reasonOf, UserError } from "../base/errors.ts";
import { packageVersion } from "../base/files.ts";
import { addAnalyse } from "./analyse.ts";
import { addBench } from "./bench.ts";
import { addDoctor } from "./doctor.ts";
import { addEvaluate } from "./evaluate.ts";
import { addExperiment } from "./experiment.ts";
import { addExport } from "./export.ts";
import { addImport } from "./import.ts";
import { addInspect } from "./inspect.ts";
import { addPhantom } from "./phantom.ts";
import { addPredict } from "./predict.ts";
import { addProfile } from "./profile.ts";
import { addReport } from "./report.ts";
import { addTrain } from "./train.ts";
import { addTune } from "./tune.ts";

/** Runs the command line. A user's mistake prints one line and exits with 1; our own faults keep their stack trace. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command("diptych")
    .description("Train and study SM detectors that carry FFDM information.")
    .version(packageVersion());
  for (const add of [
    addTrain,
    addPhantom,
    addImport,
    addInspect,
    addProfile,
    addBench,
    addTune,
    addExperiment,
    addEvaluate,
    addAnalyse,
    addReport,
    addPredict,
    addExport,
    addDoctor,
  ])
    add(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`diptych: ${reasonOf(error)}`);
    process.exitCode = 1;
  }
}
