// What `diptych tune` has found best on an adapter: for a kernel and its parameters a variant and its tunables.
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  type AdapterTraits,
  type Choice,
  canRun,
  describeShape,
  type Kernel,
  type Parameters,
  type Tuning,
} from "../../kernels/kernel.ts";
import { registry } from "../../kernels/registry.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import { cacheFolder, shortHash, writeFileAtomically } from "../base/files.ts";
import type { AdapterDescription } from "./adapter.ts";

/** "off", or the file to use instead of the adapter's own in the cache folder. */
export const tuningVariable = "DIPTYCH_TUNING";

/** What a run says where every choice is the default. */
export const untunedIdentity = "none";

const format = "diptych-tuning/1";

const entrySchema = z.strictObject({
  /** Hash of the kernel's variants when it was tuned. */
  shaders: z.string(),
  variant: z.string(),
  tuning: z.record(z.string(), z.number()),
  /** Time of the choice over that of the default; absent where the default stays. */
  ratio: z.number().positive().optional(),
});

const fileSchema = z.strictObject({
  format: z.literal(format),
  adapter: z.record(z.string(), z.string()),
  entries: z.record(z.string(), entrySchema),
});

type Entry = z.infer<typeof entrySchema>;
type AdapterKey = Readonly<Record<string, string>>;

/** What choices depend on beside kernel and shape. A software adapter is as fast as its processor. */
function adapterKey({ name, driver, dawn, kind }: AdapterDescription): AdapterKey {
  const processors = cpus();
  const processor = `${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}`;
  return { name, driver, dawn, ...(kind === "hardware" ? {} : { processor }) };
}

/** The file of an adapter, driver and Dawn version in the cache folder. */
export function tuningFile(adapter: AdapterDescription): string {
  const stem = adapter.name.replace(/\W+/g, "-").slice(0, 40);
  return join(cacheFolder(), "tuning", `${stem}-${shortHash(adapterKey(adapter))}.json`);
}

const shaderHashes = new WeakMap<Kernel, string>();

/** A hash of what a kernel's choices are among: an entry with another one is about code that is no more. */
function shaderHash(kernel: Kernel): string {
  const known = shaderHashes.get(kernel);
  if (known) return known;
  const hash = shortHash(kernel.variants.map(({ name, shader, tunables }) => [name, shader, tunables]));
  shaderHashes.set(kernel, hash);
  return hash;
}

const isLegal = (tuning: Tuning, tunables: Readonly<Record<string, readonly number[]>>): boolean =>
  Object.keys(tuning).length === Object.keys(tunables).length &&
  Object.entries(tunables).every(([name, values]) => values.includes(tuning[name]));

export class TuningTable {
  readonly #entries: Map<string, Entry>;

  private constructor(
    readonly path: string,
    private readonly adapter: AdapterKey,
    entries: Readonly<Record<string, Entry>>,
  ) {
    this.#entries = new Map(Object.entries(entries));
  }

  /**
   * Reads an adapter's table; an empty one where the file is not there yet.
   * @throws UserError when the file is damaged or belongs to another adapter.
   */
  static open(path: string, description: AdapterDescription): TuningTable {
    const adapter = adapterKey(description);
    if (!existsSync(path)) return new TuningTable(path, adapter, {});
    const advice = `delete it and run npx diptych tune again, or set ${tuningVariable}=off`;
    let file: z.infer<typeof fileSchema>;
    try {
      file = fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error) : error;
      throw new UserError(
        `${path}: damaged tuning cache (${reasonOf(new Error(String(reason)))}): ${advice}`,
      );
    }
    if (shortHash(file.adapter) !== shortHash(adapter)) {
      const [theirs, ours] = [file.adapter, adapter].map((key) => Object.values(key).join(", "));
      throw new UserError(`${path}: tuned for ${theirs}; this is ${ours}: ${advice}`);
    }
    return new TuningTable(path, adapter, file.entries);
  }

  /** The entry of a kernel at a shape, unless its shaders have changed since. */
  #entry(kernel: Kernel, parameters: Parameters): Entry | undefined {
    const entry = this.#entries.get(describeShape(kernel, parameters));
    return entry?.shaders === shaderHash(kernel) ? entry : undefined;
  }

  /** Whether a shape has been tuned, be it that its default stays. */
  has(kernel: Kernel, parameters: Parameters): boolean {
    return this.#entry(kernel, parameters) !== undefined;
  }

  /** What a shape is to be computed by; undefined where it has not been tuned or the choice cannot run. */
  choice(kernel: Kernel, parameters: Parameters, traits: AdapterTraits): Choice | undefined {
    const entry = this.#entry(kernel, parameters);
    const variant = kernel.variants.find(({ name }) => name === entry?.variant);
    if (!entry || !variant || !isLegal(entry.tuning, variant.tunables ?? {})) return undefined;
    const able = canRun(variant, traits) && (variant.supports?.(parameters) ?? true);
    return able ? { variant, tuning: entry.tuning } : undefined;
  }

  /** @param ratio time of the choice over that of the default; undefined where the choice is the default. */
  set(kernel: Kernel, parameters: Parameters, { variant, tuning }: Choice, ratio?: number): void {
    const entry = { shaders: shaderHash(kernel), variant: variant.name, tuning, ratio };
    this.#entries.set(describeShape(kernel, parameters), entry);
  }

  /** Writes the file. @throws UserError when it cannot. */
  async save(): Promise<void> {
    const entries = Object.fromEntries([...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    const file = { format, adapter: this.adapter, entries };
    await writeFileAtomically(this.path, `${JSON.stringify(file, undefined, 1)}\n`);
  }

  /** A hash of the choices that differ from the defaults and are in force; "none" where there are none. */
  get identity(): string {
    const inForce = [...this.#entries].filter(([key, { ratio, shaders }]) => {
      const kernel = registry.find(({ name }) => key === name || key.startsWith(`${name} `));
      return ratio !== undefined && kernel !== undefined && shaders === shaderHash(kernel);
    });
    if (inForce.length === 0) return untunedIdentity;
    const choices = inForce.map(([key, { variant, tuning }]) => [key, variant, tuning]);
    return shortHash(choices.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/**
 * The table that an engine goes by; undefined when tuning is off.
 * @param setting "off" or a file; default: the adapter's own file in the cache folder.
 * @throws UserError when the named file is missing, or the table is damaged.
 */
export function openTuning(adapter: AdapterDescription, setting?: string): TuningTable | undefined {
  if (setting === "off") return undefined;
  if (setting && !existsSync(setting))
    throw new UserError(
      `${tuningVariable}=${setting}: no such file: npx diptych tune makes it; "off" goes without`,
    );
  return TuningTable.open(setting || tuningFile(adapter), adapter);
}
