import type { Command } from "commander";
import type { Reporter } from "../base/reporter.ts";
import { generatePhantomSet, type PhantomSetOptions } from "../phantom/phantomSet.ts";
import { integer, positiveNumber } from "./options.ts";
import { createReporter } from "./reporter.ts";

/** Makes a simulated set with a progress bar, or finds it made. @returns the path of its manifest. */
export async function preparePhantomSet(
  options: Omit<PhantomSetOptions, "onProgress">,
  reporter: Reporter,
): Promise<string> {
  let bar: ReturnType<Reporter["progress"]> | undefined;
  try {
    return await generatePhantomSet({
      ...options,
      onProgress(done, total) {
        bar ??= reporter.progress("simulating patients", total);
        bar.update(done, "two views each");
      },
    });
  } finally {
    bar?.stop();
  }
}

type PhantomCommandOptions = Omit<PhantomSetOptions, "folder"> & { readonly out: string };

async function phantom({ out, ...options }: PhantomCommandOptions): Promise<void> {
  const reporter = createReporter();
  reporter.note(await preparePhantomSet({ folder: out, ...options }, reporter));
}

export function addPhantom(program: Command): void {
  program
    .command("phantom")
    .description("write simulated FFDM and SM pairs as DICOM, with a manifest")
    .requiredOption("--out <folder>", "where to; made whole or not at all")
    .option("--patients <n>", "number of patients, two views each", integer, 130)
    .option("--rows <pixels>", "height of the images", integer, 128)
    .option("--columns <pixels>", "width of the images", integer, 128)
    .option("--spacing <mm>", "side of a pixel", positiveNumber, 0.3)
    .option("--seed <n>", "of everything random", integer, 1)
    .option("--workers <n>", "worker threads; default: one a core", integer)
    .action(phantom);
}
