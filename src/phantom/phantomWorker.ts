// One patient's part of a set, simulated and written by a worker thread.
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { writeDicomImage } from "../data/dicomWriter.ts";
import type { ManifestRow } from "../data/manifest.ts";
import { type Patient, viewNames } from "./patients.ts";
import { type LesionRecord, simulatePair } from "./simulatePair.ts";

export interface PatientTask {
  readonly patient: Patient;
  /** The set's folder; pictures go to `images/` in it. */
  readonly folder: string;
  readonly seed: number;
  readonly rows: number;
  readonly columns: number;
  readonly spacing: number;
  readonly uidSource: string;
}

/** A lesion of one view, as lesions.json lists it. */
export type ListedLesion = Pick<ManifestRow, "patient" | "side" | "view" | "split"> & LesionRecord;

/** `failure`: the message of a UserError, which does not cross threads as such. */
export type PatientResult =
  | { readonly rows: readonly ManifestRow[]; readonly lesions: readonly ListedLesion[] }
  | { readonly failure: string };

export default async function simulatePatient(task: PatientTask): Promise<PatientResult> {
  try {
    const views: { row: ManifestRow; lesions: ListedLesion[] }[] = [];
    for (const view of viewNames) views.push(await simulateView(task, view));
    return { rows: views.map(({ row }) => row), lesions: views.flatMap(({ lesions }) => lesions) };
  } catch (error) {
    if (error instanceof UserError) return { failure: error.message };
    throw error;
  }
}

async function simulateView({ patient, folder, uidSource, ...grid }: PatientTask, view: string) {
  const { id, side, density, split } = patient;
  const pair = simulatePair({ ...grid, name: `${id}/${view}`, side, density, lesions: patient.lesions });
  const tags = { patient: id, side, view, uidSource };
  const file = (kind: "ffdm" | "sm") => `images/${id}_${side}_${view}_${kind}.dcm`;
  const seriesDescription = "Simulated by diptych phantom";
  for (const kind of ["ffdm", "sm"] as const)
    await writeDicomImage(join(folder, file(kind)), pair[kind], { ...tags, kind, seriesDescription });
  const named = { patient: id, side, view, split };
  const row: ManifestRow = {
    ...named,
    ffdm: file("ffdm"),
    sm: file("sm"),
    ffdmBoxes: pair.lesions.map(({ ffdmBox }) => ffdmBox),
    smBoxes: pair.lesions.map(({ smBox }) => smBox),
    labels: pair.lesions.map(({ type }) => type),
  };
  return { row, lesions: pair.lesions.map((lesion) => ({ ...named, ...lesion })) };
}
