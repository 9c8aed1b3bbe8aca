// Reference numbers under test/goldens: tensors by name, and attributes as JSON in the file's metadata.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/base/files.ts";
import { parseSafetensors, type StoredTensor } from "../../src/base/safetensors.ts";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export type GoldenTensors = ReadonlyMap<string, GoldenTensor>;

export interface Golden<Attributes> {
  readonly tensors: GoldenTensors;
  readonly attributes: Attributes;
}

const widen = ({ shape, data }: StoredTensor): GoldenTensor => ({
  shape,
  values: Float64Array.from(data as ArrayLike<number | bigint>, Number),
});

/** Reads test/goldens/NAME.safetensors. */
export function loadGolden<Attributes = Record<string, Record<string, unknown>>>(
  name: string,
): Golden<Attributes> {
  const file = join(packageRoot(), "test", "goldens", `${name}.safetensors`);
  const { tensors, metadata } = parseSafetensors(readFileSync(file), file);
  const widened = new Map([...tensors].map(([key, tensor]) => [key, widen(tensor)]));
  return { tensors: widened, attributes: JSON.parse(metadata.attributes ?? "{}") };
}

/** The tensors whose names start with `prefix`, by the rest of their names. */
export function below(tensors: GoldenTensors, prefix: string): GoldenTensors {
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );
}

/** @throws Error when the file has no such tensor. */
export function goldenValues(tensors: GoldenTensors, name: string): Float64Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the golden has no ${name}`);
  return tensor.values;
}

/** The names of a golden's tensors, whole or sampled. */
export const goldenNames = (tensors: GoldenTensors): Set<string> =>
  new Set([...tensors.keys()].map((name) => name.replace(/#(idx|val)$/, "")));

/**
 * ‖actual − golden‖ / ‖golden‖. Of a tensor that is stored as samples (`NAME#idx`, `NAME#val`) the difference's norm is
 * estimated from those. NaN when anything is NaN.
 * @param norm of the whole golden tensor.
 */
export function normError(
  actual: ArrayLike<number>,
  tensors: GoldenTensors,
  name: string,
  norm: number,
): number {
  const whole = tensors.get(name)?.values;
  const indices = whole ? undefined : goldenValues(tensors, `${name}#idx`);
  const expected = whole ?? goldenValues(tensors, `${name}#val`);
  const count = indices ? expected.length : actual.length;
  if (count !== expected.length)
    throw new Error(`${name}: ${actual.length} values, ${expected.length} expected`);
  let squares = 0;
  expected.forEach((value, index) => {
    squares += (actual[indices ? indices[index] : index] - value) ** 2;
  });
  return Math.sqrt((squares * actual.length) / count) / norm;
}
