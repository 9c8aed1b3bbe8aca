// INbreast (Moreira et al., Academic Radiology 2012): 410 FFDM, outlines as Apple property lists.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "plist";
import { z } from "zod";
import { type Box, boxArea } from "../../base/boxes.ts";
import { reasonOf, UserError } from "../../base/errors.ts";
import type { ImportedRow, Importer, Problems } from "./imported.ts";
import { namesIn, readTable, sideOf } from "./tables.ts";

const outlines = z.object({
  Images: z.array(
    z.object({ ROIs: z.array(z.object({ Name: z.string().optional(), Point_px: z.array(z.string()) })) }),
  ),
});

/** Names as the readers typed them. */
function labelOf(name = ""): string {
  const lower = name.toLowerCase();
  if (/calc|cluster/.test(lower)) return "calcification";
  if (/mass|spiculated/.test(lower)) return "mass";
  if (/distor/.test(lower)) return "distortion";
  return /asym/.test(lower) ? "asymmetry" : "finding";
}

/** Points are "(x, y)". */
function boundsOf(points: readonly string[]): Box | undefined {
  const numbers = points.map((point) => (point.match(/-?\d+(\.\d+)?/g) ?? []).map(Number));
  if (numbers.some(({ length }) => length < 2)) return undefined;
  const [xs, ys] = [numbers.map(([x]) => x), numbers.map(([, y]) => y)];
  return [Math.min(...ys), Math.min(...xs), Math.max(...ys), Math.max(...xs)];
}

async function lesionsOf(path: string, problems: Problems): Promise<{ box: Box; label: string }[]> {
  if (!existsSync(path)) return [];
  let content: z.infer<typeof outlines>;
  try {
    content = outlines.parse(parse(await readFile(path, "utf8")));
  } catch (error) {
    throw new UserError(`${path}: not an outline as INbreast has them (${reasonOf(error).slice(0, 80)})`);
  }
  return content.Images.flatMap(({ ROIs }) =>
    ROIs.flatMap(({ Name, Point_px }) => {
      const box = boundsOf(Point_px);
      if (box && boxArea(box) > 0) return [{ box, label: labelOf(Name) }];
      problems.add("outlines of a point or a line, left out", `${path} ${Name ?? ""}`.trim());
      return [];
    }),
  );
}

export const inbreast: Importer = {
  title: "INbreast: FFDM with outlines (INbreast.csv, AllDICOMs/, AllXML/)",
  async read(folder, problems) {
    const path = join(folder, "INbreast.csv");
    const rows = await readTable(path, ["Laterality", "View", "File Name", "ACR"], ";");
    const files = await namesIn(join(folder, "AllDICOMs"), /\.dcm$/i);
    const imported: ImportedRow[] = [];
    for (const { line, fields } of rows) {
      const name = fields["File Name"];
      const side = sideOf(fields.Laterality);
      const file = files.find((candidate) => candidate.startsWith(`${name}_`) || candidate === `${name}.dcm`);
      if (!side)
        throw new UserError(`${path}: line ${line}, Laterality: "${fields.Laterality}" must be L or R`);
      if (!file) {
        problems.add("images that are missing, left out", `INbreast.csv line ${line}: ${name}`);
        continue;
      }
      const lesions = await lesionsOf(join(folder, "AllXML", `${name}.xml`), problems);
      imported.push({
        // The table's patients are removed; a file's name holds a hash of its patient.
        patient: /^\d+_([0-9a-f]+)_/i.exec(file)?.[1] ?? name,
        side,
        view: fields.View,
        ffdm: join(folder, "AllDICOMs", file),
        ffdmBoxes: lesions.map(({ box }) => box),
        smBoxes: [],
        labels: lesions.map(({ label }) => label),
        density: fields.ACR,
      });
    }
    return imported;
  },
};
