// EMBED (Jeong et al., Radiology: AI 2023): FFDM and C-View of one exposure, the only public pairs of patients.
import { join } from "node:path";
import { type Box, boxArea } from "../../base/boxes.ts";
import { UserError } from "../../base/errors.ts";
import type { ImportedRow, Importer, Problems } from "./imported.ts";
import { readTable, sideOf, type TableRow } from "./tables.ts";

/** Where the set's own paths begin, and the folder that stands for it in a download. */
const publishedRoot = "/mnt/NAS2/mammo/anon_dicom/";

const metadataColumns = [
  "empi_anon",
  "acc_anon",
  "anon_dicom_path",
  "FinalImageType",
  "ImageLateralityFinal",
  "ViewPosition",
  "spot_mag",
  "ROI_coords",
  "match_level",
];
const clinicalColumns = [
  "acc_anon",
  "side",
  "massshape",
  "massmargin",
  "massdens",
  "calcfind",
  "calcdistri",
  "tissueden",
];

/** Codes of the clinical table's massshape, as T-SYNTH's loader reads them. */
const shapes = { asymmetry: "TBSFV", distortion: "QA", mass: "GROXNYDL" } as const;

const isGiven = (field: string): boolean => field !== "" && field.toLowerCase() !== "nan";

/** What a finding of the clinical table is; undefined when the table does not say. */
function typeOf({
  massshape,
  massmargin,
  massdens,
  calcfind,
  calcdistri,
}: TableRow["fields"]): string | undefined {
  const shape = massshape.charAt(0);
  if (shape && shapes.distortion.includes(shape)) return "distortion";
  if (shape && shapes.asymmetry.includes(shape)) return "asymmetry";
  if ((shape && shapes.mass.includes(shape)) || isGiven(massmargin) || isGiven(massdens)) return "mass";
  return isGiven(calcfind) || isGiven(calcdistri) ? "calcification" : undefined;
}

/** Lists of four numbers, as Python prints them: "[[100, 200, 300, 400]]", ymin xmin ymax xmax. */
function boxesOf(path: string, { line, fields }: TableRow): Box[] {
  const text = fields.ROI_coords.replaceAll("(", "[").replaceAll(")", "]").replaceAll(",]", "]");
  if (!isGiven(text)) return [];
  let lists: unknown;
  try {
    lists = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: line ${line}, ROI_coords: "${fields.ROI_coords}" must be a list of lists`);
  }
  return (lists as number[][]).filter((list) => list.length === 4).map((list) => list as unknown as Box);
}

interface Half {
  readonly row: TableRow;
  readonly boxes: readonly Box[];
}

/** The one label of a view's marks: findings of its exam and side that agree, else "finding". */
function labelsOf(clinical: readonly TableRow[], side: string): string {
  const own = clinical.filter(
    ({ fields }) => fields.side === side || fields.side === "B" || !isGiven(fields.side),
  );
  const types = [...new Set(own.map(({ fields }) => typeOf(fields)).filter((type) => type !== undefined))];
  return types.length === 1 ? types[0] : "finding";
}

/** Groups 2D and C-View images of one exam, side and view; spot and magnification views are no screening views. */
function pairUp(path: string, rows: readonly TableRow[], problems: Problems) {
  const views = new Map<string, { ffdm: Half[]; sm: Half[] }>();
  for (const row of rows) {
    const { acc_anon, ImageLateralityFinal: side, ViewPosition: view, FinalImageType, spot_mag } = row.fields;
    const kind = FinalImageType.toLowerCase().replace("-", "");
    if (kind !== "2d" && kind !== "cview") continue;
    if (isGiven(spot_mag) && Number(spot_mag) !== 0) {
      problems.add("spot or magnification views, left out", `line ${row.line}`);
      continue;
    }
    const key = [acc_anon, side, view].join("\0");
    const group = views.get(key) ?? { ffdm: [], sm: [] };
    views.set(key, group);
    group[kind === "2d" ? "ffdm" : "sm"].push({ row, boxes: boxesOf(path, row) });
  }
  return views;
}

/** Marks of both halves in one order, or why they cannot be told which is which. */
function matchMarks(ffdm: Half, sm: Half): readonly [readonly Box[], readonly Box[]] | string {
  if (ffdm.boxes.length !== sm.boxes.length)
    return "marks on one image of the pair and not on the other, left out";
  if (ffdm.boxes.length < 2) return [ffdm.boxes, sm.boxes];
  const order = (boxes: readonly Box[]) => boxes.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  return [order(ffdm.boxes), order(sm.boxes)];
}

export const embed: Importer = {
  title: "EMBED: FFDM and C-View pairs (tables/EMBED_OpenData_*.csv, images/)",
  async read(folder, problems) {
    const path = join(folder, "tables", "EMBED_OpenData_metadata.csv");
    const rows = await readTable(path, metadataColumns);
    const clinical = new Map<string, TableRow[]>();
    for (const row of await readTable(join(folder, "tables", "EMBED_OpenData_clinical.csv"), clinicalColumns))
      clinical.set(row.fields.acc_anon, [...(clinical.get(row.fields.acc_anon) ?? []), row]);
    const fileOf = ({ row }: Half) =>
      join(folder, "images", row.fields.anon_dicom_path.replace(publishedRoot, ""));
    const imported: ImportedRow[] = [];
    for (const { ffdm: ffdms, sm: sms } of pairUp(path, rows, problems).values()) {
      const [ffdm, sm] = [ffdms[0], sms[0]];
      const where = `line ${(ffdm ?? sm).row.line}`;
      const {
        empi_anon: patient,
        acc_anon,
        ImageLateralityFinal,
        ViewPosition: view,
      } = (ffdm ?? sm).row.fields;
      const side = sideOf(ImageLateralityFinal);
      if (!ffdm || !sm) problems.add(`views with no ${ffdm ? "C-View" : "2D"} image, left out`, where);
      else if (!side) problems.add("views of no known side, left out", where);
      else {
        if (ffdms.length + sms.length > 2)
          problems.add("views taken several times, of which the first is kept", where);
        const marks = matchMarks(ffdm, sm);
        if (typeof marks === "string") {
          problems.add(marks, where);
          continue;
        }
        const [ffdmBoxes, smBoxes] = marks;
        if ([...ffdmBoxes, ...smBoxes].some((box) => boxArea(box) === 0)) {
          problems.add("marks without area, whose views are left out", where);
          continue;
        }
        if (sm.row.fields.match_level === "2")
          problems.add(
            "marks carried over from the other image by the set's authors (match level 2), kept",
            where,
          );
        const findings = clinical.get(acc_anon) ?? [];
        const label = labelsOf(findings, side);
        const density = findings[0]?.fields.tissueden;
        const files = { ffdm: fileOf(ffdm), sm: fileOf(sm) };
        imported.push({
          patient,
          side,
          view,
          ...files,
          ffdmBoxes,
          smBoxes,
          labels: ffdmBoxes.map(() => label),
          density,
        });
      }
    }
    return imported;
  },
};
