// Modules and training states as safetensors files. Tensors carry the names that the reference implementation uses, so
// that a module's file loads there and its files load here.
import { readFile } from "node:fs/promises";
import { elementCount } from "../../kernels/kernel.ts";
import type { Entry, FlatLayout, ParameterSet, Plane, PlaneName } from "../autograd/parameters.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import {
  encodeSafetensors,
  parseSafetensors,
  type StoredTensor,
  type TensorFile,
} from "../base/safetensors.ts";
import type { Engine } from "../engine/engine.ts";

type Values = Float32Array<ArrayBuffer>;

/** The two planes that a trained module consists of. */
const modulePlanes = ["values", "statistics"] as const;

function* entriesOf(layout: FlatLayout, flat: Float32Array): Generator<[Entry, StoredTensor]> {
  for (const entry of layout.entries) {
    const data = flat.slice(entry.offset, entry.offset + elementCount(entry.shape));
    yield [entry, { shape: entry.shape, data }];
  }
}

/** @throws UserError naming the file when it cannot be read or is no safetensors file. */
export async function readTensorFile(path: string): Promise<TensorFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${reasonOf(error)})`);
  }
  return parseSafetensors(bytes, path);
}

/** Writes a module's parameters and running statistics. The previous file stays valid when that fails. */
export async function saveModule(
  engine: Engine,
  set: ParameterSet,
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const name of modulePlanes) {
    const plane = set.plane(name);
    const flat = await engine.readPlane(plane);
    for (const [entry, tensor] of entriesOf(plane.layout, flat)) tensors.set(entry.name, tensor);
  }
  await writeFileAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a module's parameters and running statistics into its planes.
 * @throws UserError naming the file and the first tensor that is missing, unknown, or of another shape.
 */
export async function loadModule(engine: Engine, set: ParameterSet, path: string): Promise<void> {
  const { tensors } = await readTensorFile(path);
  loadTensors(engine, set, tensors, path);
}

/** As `loadModule`, from tensors in memory; PyTorch's batch counters are skipped. */
export function loadTensors(
  engine: Engine,
  set: ParameterSet,
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
): void {
  for (const [plane, values] of modulePlanesOf(set, tensors, path)) engine.writePlane(plane, values);
}

/** As `loadModule`, for who needs the values on the host. */
export async function readModule(set: ParameterSet, path: string): Promise<Map<Plane, Values>> {
  const { tensors } = await readTensorFile(path);
  return modulePlanesOf(set, tensors, path);
}

function modulePlanesOf(
  set: ParameterSet,
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
): Map<Plane, Values> {
  for (const name of tensors.keys())
    if (!name.endsWith("num_batches_tracked") && !set.parameters.find(name) && !set.statistics.find(name))
      throw new UserError(`${path}: a checkpoint of another model: ${set.name} has no ${name}`);
  return new Map(
    modulePlanes.map((name) => {
      const plane = set.plane(name);
      return [plane, gather(plane.layout, (entry) => tensors.get(entry.name), path)];
    }),
  );
}

function gather(layout: FlatLayout, find: (entry: Entry) => StoredTensor | undefined, path: string): Values {
  const flat = new Float32Array(layout.length);
  for (const entry of layout.entries) {
    const tensor = find(entry);
    if (!tensor) throw new UserError(`${path}: a checkpoint of another model: ${entry.name} is missing`);
    if (tensor.shape.join() !== entry.shape.join() || !(tensor.data instanceof Float32Array))
      throw new UserError(
        `${path}: a checkpoint of another model: ${entry.name} is [${tensor.shape}], this model needs float32 [${entry.shape}]`,
      );
    flat.set(tensor.data, entry.offset);
  }
  return flat;
}

/** The planes that a training step changes. */
const statePlanes: readonly PlaneName[] = [
  "values",
  "statistics",
  "momentum",
  "secondMoment",
  "average",
  "averageStatistics",
];

/** Writes everything that a training step changes, and how far training is, so that resuming changes no bit. */
export async function saveState(
  engine: Engine,
  sets: readonly ParameterSet[],
  path: string,
  progress: unknown,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const set of sets)
    for (const name of statePlanes) {
      const plane = set.plane(name);
      const flat = await engine.readPlane(plane);
      for (const [entry, tensor] of entriesOf(plane.layout, flat))
        tensors.set(`${set.name}/${name}/${entry.name}`, tensor);
    }
  await writeFileAtomically(path, encodeSafetensors(tensors, { progress: JSON.stringify(progress) }));
}

/**
 * Reads back what `saveState` wrote. @returns the progress as it was given.
 * @throws UserError naming the file and what does not fit.
 */
export async function loadState(
  engine: Engine,
  sets: readonly ParameterSet[],
  path: string,
): Promise<unknown> {
  const { tensors, metadata } = await readTensorFile(path);
  if (!metadata.progress) throw new UserError(`${path}: no training state: its metadata lack the progress`);
  for (const set of sets)
    for (const name of statePlanes) {
      const plane = set.plane(name);
      const find = (entry: Entry) => tensors.get(`${set.name}/${name}/${entry.name}`);
      engine.writePlane(plane, gather(plane.layout, find, path));
    }
  return JSON.parse(metadata.progress);
}
