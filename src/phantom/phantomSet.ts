// The embedded default data: a folder of simulated FFDM/SM pairs in DICOM with their manifest.
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Piscina } from "piscina";
import { reasonOf, UserError } from "../base/errors.ts";
import { packageRoot, shortHash, writeFileAtomically } from "../base/files.ts";
import { writeManifest } from "../data/manifest.ts";
import { planPatients } from "./patients.ts";
import type { PatientResult, PatientTask } from "./phantomWorker.ts";

export interface PhantomSetOptions {
  readonly folder: string;
  readonly patients: number;
  readonly seed: number;
  /** Pixels, even. */
  readonly rows: number;
  readonly columns: number;
  /** Side of a pixel, mm. */
  readonly spacing: number;
  /** Called after each patient with the number done and the number of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Threads; default one a core. */
  readonly workers?: number;
  /** Ends the work early: what has been written is removed and the signal's reason thrown. */
  readonly signal?: AbortSignal;
}

/** Raised whenever the same options would give other pictures, so that a cached set is not taken for a new one. */
export const simulationVersion = 2;
/** In a complete set's folder: the options that it was made with. */
const descriptionFile = "phantom.json";
/** The smallest side of the region in mm that has room for the largest lesions. */
const smallestRegion = 30;

type Description = Record<"simulation" | "patients" | "seed" | "rows" | "columns" | "spacing", number>;

const describe = ({ patients, seed, rows, columns, spacing }: PhantomSetOptions): Description => ({
  simulation: simulationVersion,
  patients,
  seed,
  rows,
  columns,
  spacing,
});

function checkGrid({ rows, columns, spacing }: PhantomSetOptions): void {
  for (const [name, value] of Object.entries({ rows, columns })) {
    if (!Number.isInteger(value) || value <= 0 || value % 2 !== 0)
      throw new UserError(`${name} ${value}: must be an even whole number of pixels`);
    if (!(value * spacing >= smallestRegion))
      throw new UserError(
        `${name} ${value} at ${spacing} mm: the region must be at least ${smallestRegion} mm a side, for lesions to have room`,
      );
  }
}

/**
 * Writes `manifest.csv`, `lesions.json` and two views of each patient under `images/`, unless the folder holds just this
 * set already. The set is written beside the folder and takes its name when complete, so an interrupted run leaves no
 * half set. The same options give the same bytes, whatever the number of workers.
 * @returns the path of the manifest.
 * @throws UserError when an option is out of range, the folder holds something else or cannot be written.
 */
export async function generatePhantomSet(options: PhantomSetOptions): Promise<string> {
  checkGrid(options);
  const folder = resolve(options.folder);
  const manifest = join(folder, "manifest.csv");
  if (await holdsSet(folder, options)) return manifest;
  const temporary = join(dirname(folder), `.${basename(folder)}.${process.pid}.part`);
  try {
    await removeAbandoned(folder);
    await mkdir(temporary, { recursive: true });
    await writeSet(temporary, options);
    await takeName(temporary, folder, options);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
  return manifest;
}

/** @throws UserError when the folder holds anything else than nothing or this set. */
async function holdsSet(folder: string, options: PhantomSetOptions): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new UserError(`${folder}: cannot be read as a folder (${reasonOf(error)})`);
  });
  if (names.length === 0) return false;
  const wanted = JSON.stringify(describe(options));
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
async function takeName(temporary: string, folder: string, options: PhantomSetOptions): Promise<void> {
  await rmdir(folder).catch(() => {});
  await rename(temporary, folder).catch(async (error) => {
    if (!(await holdsSet(folder, options)))
      throw new UserError(`${folder}: cannot be written (${reasonOf(error)})`);
  });
}

async function writeSet(folder: string, options: PhantomSetOptions): Promise<void> {
  const { seed, rows, columns, spacing } = options;
  const description = describe(options);
  const uidSource = `diptych phantom ${shortHash(description)}`;
  const tasks = planPatients(options.patients, seed).map(
    (patient): PatientTask => ({ patient, folder, seed, rows, columns, spacing, uidSource }),
  );
  const results = await simulateAll(tasks, options);
  await writeManifest(
    join(folder, "manifest.csv"),
    results.flatMap((result) => result.rows),
  );
  const lesions = results.flatMap((result) => result.lesions);
  await writeFileAtomically(join(folder, "lesions.json"), `${JSON.stringify(lesions, null, 1)}\n`);
  await writeFileAtomically(join(folder, descriptionFile), `${JSON.stringify(description)}\n`);
}

async function simulateAll(tasks: readonly PatientTask[], options: PhantomSetOptions) {
  const { onProgress, signal, workers = availableParallelism() } = options;
  signal?.throwIfAborted();
  const threads = Math.max(1, Math.min(workers, tasks.length));
  const pool = new Piscina<PatientTask, PatientResult>({
    filename: join(packageRoot(), "dist", "phantom", "phantomWorker.mjs"),
    minThreads: threads,
    maxThreads: threads,
    recordTiming: false,
  });
  const stop = () => void pool.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  let done = 0;
  const simulate = async (task: PatientTask) => {
    const result = await pool.run(task);
    if ("failure" in result) throw new UserError(result.failure);
    onProgress?.(++done, tasks.length);
    return result;
  };
  try {
    return await Promise.all(tasks.map(simulate));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await pool.destroy();
  }
}
