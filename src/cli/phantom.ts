import type { Command } from "commander";
import { generatePhantomSet } from "../phantom/generate.ts";
import { integer } from "./options.ts";
import { createReporter } from "./reporter.ts";

interface PhantomOptions {
  out: string;
  patients: number;
  size: number;
  seed: number;
  workers: number;
}

async function phantom({ out, ...options }: PhantomOptions): Promise<void> {
  const reporter = createReporter();
  let bar: ReturnType<typeof reporter.progress> | undefined;
  const manifest = await generatePhantomSet({
    folder: out,
    ...options,
    onProgress(done, total) {
      bar ??= reporter.progress("simulating pairs", total);
      bar.update(done, "");
    },
  });
  bar?.stop();
  reporter.note(manifest);
}

export function addPhantom(program: Command): void {
  program
    .command("phantom")
    .description("write simulated FFDM and SM pairs as DICOM, with a manifest")
    .requiredOption("--out <folder>", "where to")
    .option("--patients <n>", "number of patients", integer, 160)
    .option("--size <pixels>", "side of the images", integer, 128)
    .option("--seed <n>", "of everything random", integer, 1)
    .option("--workers <n>", "worker threads", integer, 2)
    .action(phantom);
}
