// VinDr-Mammo (Nguyen et al., Scientific Data 2023; PhysioNet): 5,000 screening exams as FFDM, two readers' boxes.
import { join } from "node:path";
import { type Box, boxArea } from "../../base/boxes.ts";
import { UserError } from "../../base/errors.ts";
import type { ImportedRow, Importer } from "./imported.ts";
import { numberIn, pythonList, readTable, sideOf, type TableRow } from "./tables.ts";

/** What a finding of several categories counts as: the first of these that it has. */
const categories = [
  "Mass",
  "Suspicious Calcification",
  "Architectural Distortion",
  "Asymmetry",
  "Focal Asymmetry",
  "Global Asymmetry",
];

function labelOf(text: string): string | undefined {
  const found = pythonList(text);
  return (categories.find((category) => found.includes(category)) ?? found[0])?.toLowerCase();
}

interface Finding {
  readonly box: Box;
  readonly label: string;
}

function findingOf(path: string, row: TableRow): Finding | undefined {
  if (row.fields.xmin === "" || row.fields.xmin.toLowerCase() === "nan") return undefined;
  const [yMin, xMin, yMax, xMax] = ["ymin", "xmin", "ymax", "xmax"].map((column) =>
    numberIn(path, row, column),
  );
  const label = labelOf(row.fields.finding_categories);
  if (!label) throw new UserError(`${path}: line ${row.line}, finding_categories: a box needs a category`);
  return { box: [yMin, xMin, yMax, xMax], label };
}

export const vindr: Importer = {
  title: "VinDr-Mammo: FFDM with boxes (breast-level_annotations.csv, finding_annotations.csv, images/)",
  async read(folder, problems) {
    const findingsPath = join(folder, "finding_annotations.csv");
    const findings = new Map<string, Finding[]>();
    const columns = ["image_id", "finding_categories", "xmin", "ymin", "xmax", "ymax"];
    for (const row of await readTable(findingsPath, columns)) {
      const finding = findingOf(findingsPath, row);
      if (!finding) continue;
      if (boxArea(finding.box) === 0)
        problems.add("boxes without area, left out", `finding_annotations.csv line ${row.line}`);
      else findings.set(row.fields.image_id, [...(findings.get(row.fields.image_id) ?? []), finding]);
    }
    const path = join(folder, "breast-level_annotations.csv");
    const wanted = ["study_id", "image_id", "laterality", "view_position", "breast_density", "split"];
    return (await readTable(path, wanted)).map(({ line, fields }): ImportedRow => {
      const side = sideOf(fields.laterality);
      if (!side)
        throw new UserError(`${path}: line ${line}, laterality: "${fields.laterality}" must be L or R`);
      const own = findings.get(fields.image_id) ?? [];
      return {
        patient: fields.study_id,
        side,
        view: fields.view_position,
        ffdm: join(folder, "images", fields.study_id, `${fields.image_id}.dicom`),
        ffdmBoxes: own.map(({ box }) => box),
        smBoxes: [],
        labels: own.map(({ label }) => label),
        // Its training part is divided by patient, for validation.
        ...(fields.split === "test" ? { split: "test" } : {}),
        density: fields.breast_density,
      };
    });
  },
};
