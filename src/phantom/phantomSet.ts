// The embedded default data: a folder of simulated FFDM/SM pairs in DICOM with their manifest.
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { reasonOf, UserError } from "../base/errors.ts";
import { shortHash, writeFileAtomically } from "../base/files.ts";
import type { DicomTags } from "../data/dicom/terms.ts";
import { writeDicomImage } from "../data/dicom/writer.ts";
import { type ManifestRow, mammogramColumns, type PairColumns, writeManifest } from "../data/manifest.ts";
import type { Engine } from "../engine/engine.ts";
import { defaultReconstruction, volumeMargin } from "./acquire.ts";
import type { Coverage } from "./breast.ts";
import { PairRenderer } from "./pairRenderer.ts";
import { type Patient, planPatients, viewNames } from "./patients.ts";
import { type LesionRecord, type PairOptions, type SimulatedPair, simulatePair } from "./simulatePair.ts";
import { binsOf, type System, type SystemName, systems } from "./systems.ts";

/** What decides a set's bytes, beside the adapter. */
export interface PhantomSettings {
  readonly patients: number;
  readonly seed: number;
  /** Pixels, even. */
  readonly rows: number;
  readonly columns: number;
  /** Side of a pixel, mm. */
  readonly spacing: number;
  /** Default `region`: a part of a breast. */
  readonly coverage?: Coverage;
  /** Default `hologic`. */
  readonly system?: SystemName;
  /** A second system, whose synthetic mammogram of the same breast stands in the FFDM's place; default none. */
  readonly pair?: SystemName | null;
  /** What a lesion's label says; default its type. */
  readonly labels?: "type" | "pathology";
  /** Whether the tomosynthesis volumes are written too. */
  readonly volumes?: boolean;
}

export interface PhantomSetOptions extends PhantomSettings {
  readonly folder: string;
  /** Called after each patient with the number done and the number of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Ends the work early: what has been written is removed and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/** Raised whenever the same options would give other pictures, so that a cached set is not taken for a new one. */
export const simulationVersion = 4;
/** In a complete set's folder: the options that it was made with. */
const descriptionFile = "phantom.json";
/** The smallest side of the region in mm that has room for the largest lesions. */
const smallestRegion = 30;

/** Settings without a choice left open, the simulation's version and the adapter, whose last bits the pictures hold. */
const describe = (settings: PhantomSettings, { adapter }: Engine) => {
  const { patients, seed, rows, columns, spacing } = settings;
  const { coverage = "region", system = "hologic", pair, labels = "type", volumes = false } = settings;
  const grid = { patients, seed, rows, columns, spacing };
  const imaging = { coverage, system, ...(pair ? { pair } : {}), labels, volumes };
  return { simulation: simulationVersion, ...grid, ...imaging, adapter: adapter.name };
};

/** A name for what the same settings give on the same adapter. */
export const phantomHash = (settings: PhantomSettings, engine: Engine): string =>
  shortHash(describe(settings, engine));

function checkGrid(settings: PhantomSettings): void {
  const { rows, columns, spacing, system = "hologic", pair } = settings;
  if (pair === system) throw new UserError(`pair ${pair}: must be another system than the first`);
  for (const each of pair ? [system, pair] : [system]) checkRegion({ rows, columns, spacing }, each);
}

function checkRegion(
  { rows, columns, spacing }: Pick<PhantomSettings, "rows" | "columns" | "spacing">,
  system: SystemName,
): void {
  const bins = binsOf(systems[system], spacing);
  for (const [name, value] of Object.entries({ rows, columns })) {
    if (!Number.isInteger(value) || value <= 0 || value % 2 !== 0)
      throw new UserError(`${name} ${value}: must be an even whole number of pixels`);
    if (value % bins !== 0)
      throw new UserError(
        `${name} ${value} at ${spacing} mm: must be a multiple of ${bins}, the pixels that ${system} reads as one in tomosynthesis`,
      );
    if (!(value * spacing >= smallestRegion))
      throw new UserError(
        `${name} ${value} at ${spacing} mm: the region must be at least ${smallestRegion} mm a side, for lesions to have room`,
      );
  }
}

/**
 * Writes `manifest.csv`, `lesions.json` and two views of each patient under `images/`, unless the folder holds just this
 * set already. The set is written beside the folder and takes its name when complete, so an interrupted run leaves no
 * half set. The same options give the same bytes on the same adapter.
 * @returns the path of the manifest.
 * @throws UserError when an option is out of range, the folder holds something else or cannot be written.
 */
export async function generatePhantomSet(engine: Engine, options: PhantomSetOptions): Promise<string> {
  checkGrid(options);
  const folder = resolve(options.folder);
  const manifest = join(folder, "manifest.csv");
  const wanted = JSON.stringify(describe(options, engine));
  if (await holdsSet(folder, wanted)) return manifest;
  const temporary = join(dirname(folder), `.${basename(folder)}.${process.pid}.part`);
  try {
    await removeAbandoned(folder);
    await mkdir(temporary, { recursive: true });
    await writeSet(engine, temporary, options);
    await takeName(temporary, folder, wanted);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
  return manifest;
}

/** @throws UserError when the folder holds anything else than nothing or this set. */
async function holdsSet(folder: string, wanted: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new UserError(`${folder}: cannot be read as a folder (${reasonOf(error)})`);
  });
  if (names.length === 0) return false;
  const found = await readFile(join(folder, descriptionFile), "utf8").catch(() => undefined);
  if (found === undefined) throw new UserError(`${folder}: holds other files; give a new or an empty folder`);
  if (found.trim() !== wanted)
    throw new UserError(`${folder}: holds another set (${found.trim()}); give a new folder or delete it`);
  return true;
}

/** Removes what runs that were killed have left beside the folder. */
async function removeAbandoned(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}.`;
  for (const name of await readdir(parent).catch(() => [])) {
    const owner = name.startsWith(prefix) && /^(\d+)\.part$/.exec(name.slice(prefix.length))?.[1];
    if (owner && !isRunning(Number(owner))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Renames the finished set; another process may have been first with the same one. */
async function takeName(temporary: string, folder: string, wanted: string): Promise<void> {
  await rmdir(folder).catch(() => {});
  await rename(temporary, folder).catch(async (error) => {
    if (!(await holdsSet(folder, wanted)))
      throw new UserError(`${folder}: cannot be written (${reasonOf(error)})`);
  });
}

/** A lesion of one view, as lesions.json lists it. */
export type ListedLesion = Pick<ManifestRow, "patient" | "side" | "view" | "split"> &
  Pick<Patient, "density"> &
  LesionRecord;

interface WrittenView {
  readonly row: ManifestRow;
  readonly lesions: readonly ListedLesion[];
}

async function writeSet(engine: Engine, folder: string, options: PhantomSetOptions): Promise<void> {
  const { seed, onProgress, signal } = options;
  const patients = planPatients(options.patients, seed);
  const description = describe(options, engine);
  signal?.throwIfAborted();
  const { first, second } = await createRenderers(engine, options);
  const views: WrittenView[] = [];
  try {
    for (const [index, patient] of patients.entries()) {
      for (const view of viewNames) {
        views.push(await writeView({ first, second }, folder, patient, view, options));
        signal?.throwIfAborted();
      }
      onProgress?.(index + 1, patients.length);
      signal?.throwIfAborted();
    }
  } finally {
    first.release();
    second?.release();
  }
  await writeManifest(
    join(folder, "manifest.csv"),
    views.map(({ row }) => row),
    pairColumns(options),
  );
  const lesions = views.flatMap((view) => view.lesions);
  await writeFileAtomically(join(folder, "lesions.json"), `${JSON.stringify(lesions, null, 1)}\n`);
  await writeFileAtomically(join(folder, descriptionFile), `${JSON.stringify(description)}\n`);
}

/** The columns of a set's manifest: those of mammogram and SM, or the two systems' names. */
export function pairColumns({
  pair,
  system = "hologic",
}: Pick<PhantomSettings, "pair" | "system">): PairColumns {
  return pair ? { ffdm: pair, sm: system } : mammogramColumns;
}

interface Renderers {
  readonly first: PairRenderer;
  /** Of the system that stands in the FFDM's place. */
  readonly second?: PairRenderer;
}

/** Of one margin, so that both image the same tissue. */
async function createRenderers(engine: Engine, options: PhantomSettings): Promise<Renderers> {
  const { rows, columns, spacing, system = "hologic", pair, volumes = false } = options;
  const used = pair ? [systems[system], systems[pair]] : [systems[system]];
  const margin = Math.max(...used.map((each) => volumeMargin(each, spacing)));
  const reconstruction = { ...defaultReconstruction, volume: volumes };
  const create = (each: System) =>
    PairRenderer.create(engine, { rows, columns, spacing, system: each, reconstruction, margin });
  return { first: await create(used[0]), ...(pair ? { second: await create(used[1]) } : {}) };
}

/** One view's pictures; with a second system its synthetic mammogram for the FFDM, of an exposure of its own. */
async function simulateView({ first, second }: Renderers, options: PairOptions): Promise<SimulatedPair> {
  const own = await simulatePair(first, options);
  if (!second) return own;
  const other = await simulatePair(second, { ...options, exposure: `${options.name}/${second.system.name}` });
  const lesions = own.lesions.map((lesion, index) => ({
    ...lesion,
    ffdmBox: other.lesions[index].smBox,
    detectability: { ffdm: other.lesions[index].detectability.sm, sm: lesion.detectability.sm },
  }));
  return { ...own, ffdm: other.sm, lesions };
}

async function writeView(
  renderers: Renderers,
  folder: string,
  { id, side, density, split, lesions: plans }: Patient,
  view: string,
  settings: PhantomSettings,
): Promise<WrittenView> {
  const { seed, coverage = "region", labels = "type" } = settings;
  const pair = await simulateView(renderers, {
    seed,
    name: `${id}/${view}`,
    side,
    density,
    coverage,
    lesions: plans,
  });
  const named = { patient: id, side, view, split };
  const file = (kind: DicomTags["kind"]) => `images/${id}_${side}_${view}_${kind}.dcm`;
  const uidSource = `diptych phantom ${shortHash(settingsOf(settings))}`;
  const tags = { ...named, uidSource, seriesDescription: "Simulated by diptych phantom" };
  for (const kind of ["ffdm", "sm", "dbt"] as const)
    if (kind !== "dbt" || pair.slices.length > 0)
      await writeDicomImage(join(folder, file(kind)), kind === "dbt" ? pair.slices : pair[kind], {
        ...tags,
        ...dimensionsOf(pair, kind),
        kind,
      });
  const row: ManifestRow = {
    ...named,
    ffdm: file("ffdm"),
    sm: file("sm"),
    ffdmBoxes: pair.lesions.map(({ ffdmBox }) => ffdmBox),
    smBoxes: pair.lesions.map(({ smBox }) => smBox),
    labels: pair.lesions.map((lesion) => lesion[labels]),
  };
  return { row, lesions: pair.lesions.map((lesion) => ({ ...named, density, ...lesion })) };
}

/** What names a set in its files' identifiers: not where it is written or computed. */
const settingsOf = ({ patients, seed, rows, columns, spacing, coverage, system, pair }: PhantomSettings) => [
  simulationVersion,
  { patients, seed, rows, columns, spacing, coverage, system, ...(pair ? { pair } : {}) },
];

const dimensionsOf = ({ magnification, thickness, slices }: SimulatedPair, kind: DicomTags["kind"]) => {
  if (kind === "ffdm") return { magnification };
  return { sliceThickness: kind === "dbt" ? thickness / slices.length : thickness };
};
