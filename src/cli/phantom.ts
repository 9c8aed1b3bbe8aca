import { type Command, Option } from "commander";
import { writeFileAtomically } from "../base/files.ts";
import { readManifest } from "../data/manifest.ts";
import { withEngine } from "../engine/engine.ts";
import { coverages } from "../phantom/breast.ts";
import { type PhantomSetOptions, pairColumns } from "../phantom/phantomSet.ts";
import { preparePhantomSet } from "../phantom/prepare.ts";
import { systemNames } from "../phantom/systems.ts";
import { contactSheet } from "../report/contactSheet.ts";
import { spectraPage } from "../report/spectraPage.ts";
import { integer, positiveNumber } from "./options.ts";
import { createReporter } from "./reporter.ts";

type PhantomCommandOptions = Omit<PhantomSetOptions, "folder"> & {
  readonly out: string;
  readonly adapter?: string;
  readonly sheet?: string;
  readonly spectra?: string;
};

async function phantom({ out, adapter, sheet, spectra, ...options }: PhantomCommandOptions): Promise<void> {
  const reporter = createReporter();
  const manifest = await withEngine({ adapter }, (engine) =>
    preparePhantomSet(engine, { folder: out, ...options }, reporter),
  );
  reporter.note(manifest);
  const pages = [
    [sheet, contactSheet],
    [spectra, spectraPage],
  ] as const;
  for (const [file, draw] of pages) {
    if (!file) continue;
    await writeFileAtomically(file, await draw(await readManifest(manifest, [], pairColumns(options))));
    reporter.note(file);
  }
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
    .addOption(new Option("--coverage <what>", "what the pictures show").choices(coverages).default("region"))
    .addOption(
      new Option("--system <name>", "the system that is simulated").choices(systemNames).default("hologic"),
    )
    .addOption(
      new Option("--pair <name>", "a second system, whose SM stands in the FFDM's place").choices(
        systemNames,
      ),
    )
    .addOption(
      new Option("--labels <what>", "what a label says of a lesion")
        .choices(["type", "pathology"])
        .default("type"),
    )
    .option("--sheet <file>", "PNG of pairs side by side with their boxes")
    .option("--spectra <file>", "HTML page of the pictures' power spectra")
    .option("--volumes", "write the tomosynthesis volumes, too")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(phantom);
}
