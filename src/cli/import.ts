import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { cardOf, renderCard } from "../data/import/card.ts";
import { type FinishedRow, finishRows, type SplitShares } from "../data/import/finish.ts";
import { Problems } from "../data/import/imported.ts";
import { importers } from "../data/import/importers.ts";
import { type ManifestRow, writeManifest } from "../data/manifest.ts";
import { createReporter } from "./reporter.ts";

interface ImportOptions {
  readonly out: string;
  readonly split: SplitShares;
  readonly half: "ffdm" | "sm";
}

function shares(text: string): SplitShares {
  const [train, validation, test, ...rest] = text.split(",").map(Number);
  const all = [train, validation, test];
  if (rest.length > 0 || all.some((share) => !(share > 0)))
    throw new UserError(
      `--split ${text}: must be three shares above 0 for training, validation and test, as in 70,10,20`,
    );
  return { train, validation, test };
}

/** Paths relative to the manifest, so that both can be moved together. */
function manifestRow({ ffdm, sm, ...row }: FinishedRow, manifest: string): ManifestRow {
  const path = (file: string | undefined) =>
    file ? relative(dirname(resolve(manifest)), resolve(file)) : "";
  return { ...row, ffdm: path(ffdm), sm: path(sm) };
}

/** Images of one kind as the SM that they are said to be. */
const asSm = ({ ffdm, ffdmBoxes, ...row }: FinishedRow): FinishedRow => ({
  ...row,
  sm: ffdm,
  smBoxes: ffdmBoxes,
  ffdmBoxes: [],
});

async function importSet(kind: string, folder: string, { out, split, half }: ImportOptions): Promise<void> {
  const importer = importers[kind];
  if (!importer) throw new UserError(`import ${kind}: must be one of ${Object.keys(importers).join(", ")}`);
  if (half === "sm" && kind !== "coco")
    throw new UserError(`--half sm: ${kind} says itself what its images are`);
  const reporter = createReporter();
  const problems = new Problems();
  const found = await importer.read(resolve(folder), problems, join(dirname(resolve(out)), "images"));
  const bar = reporter.progress("looking at marked images", found.length);
  const rows = await finishRows(found, split, problems, (done) => bar.update(done, kind)).finally(() =>
    bar.stop(),
  );
  if (rows.length === 0)
    throw new UserError(
      `${folder}: none of its ${found.length} views can be used: ${problems.list.map(({ kind, count }) => `${count} ${kind}`).join("; ")}`,
    );
  const kept = half === "sm" ? rows.map(asSm) : rows;
  await writeManifest(
    out,
    kept.map((row) => manifestRow(row, out)),
  );
  const card = cardOf(kind, kept, problems);
  const stem = out.replace(/\.csv$/, "");
  await writeFileAtomically(`${stem}.card.json`, `${JSON.stringify(card, null, 2)}\n`);
  await writeFileAtomically(`${stem}.card.md`, renderCard(card));
  reporter.note(renderCard(card));
  reporter.note(`${out}, ${stem}.card.md`);
}

export function addImport(program: Command): void {
  const kinds = Object.entries(importers).map(([name, { title }]) => `  ${name.padEnd(10)} ${title}`);
  program
    .command("import")
    .description("make a manifest of a public data set, and say what is in it and what is wrong with it")
    .argument("<kind>", Object.keys(importers).join(", "))
    .argument("<folder>", "the set, laid out as it is published")
    .requiredOption("--out <manifest>", "where to write it; <manifest>.card.md and .card.json go beside it")
    .option("--split <shares>", "of patients, for what a set leaves undivided", shares, {
      train: 70,
      validation: 10,
      test: 20,
    })
    .option("--half <half>", "what the images of a COCO file are, ffdm or sm", "ffdm")
    .addHelpText("after", `\nKinds:\n${kinds.join("\n")}`)
    .action(importSet);
}
