// Which shapes are worth timing: those of EfficientDet's training step and inference, and of a simulated pair, taken from
// their tapes.
import {
  type AdapterTraits,
  canRun,
  chooseVariant,
  describeShape,
  type Kernel,
  type Parameters,
  type Variant,
} from "../kernels/kernel.ts";
import { registry } from "../kernels/registry.ts";
import type { Tape } from "../src/autograd/tape.ts";
import { UserError } from "../src/base/errors.ts";
import { recordPair } from "../src/phantom/pairRenderer.ts";
import { systems } from "../src/phantom/systems.ts";
import { makeConfig } from "../src/regime/config.ts";
import { type ProgramKind, recordProgram } from "../src/regime/programs.ts";

const detectors = {
  nano: { batch: 4, size: 128 },
  d0: { batch: 1, size: 512 },
} as const;

export const suiteNames = [...Object.keys(detectors), "phantom"] as const;
export type SuiteName = keyof typeof detectors | "phantom";

/** One shape of one kernel, and how often it occurs where. */
export interface Occurrence {
  readonly kernel: Kernel;
  readonly parameters: Parameters;
  readonly origin: string;
  readonly count: number;
}

/** The tapes of a model's training step (stage 1, module A) and of its inference, by what they are called. */
export function recordPrograms(model: keyof typeof detectors): Record<string, Tape> {
  const { batch, size } = detectors[model];
  const config = { ...makeConfig("default", []), model };
  const shape = { batch, height: size, width: size, maxBoxes: config.maxBoxes };
  const record = (kind: ProgramKind) => recordProgram("module_a", kind, shape, config).tape;
  return { [`${model} training`]: record("training"), [`${model} inference`]: record("inference") };
}

/** A view of the default set's simulated breasts, on Hologic's system. */
const recordPhantom = (): Record<string, Tape> => ({
  "a simulated pair": recordPair({ rows: 128, columns: 128, spacing: 0.3, system: systems.hologic }).tape,
});

/** Every shape of a suite once, under the program in which it occurs first. */
export function recordSuite(name: SuiteName): Occurrence[] {
  const found = new Map<string, Occurrence>();
  for (const [origin, tape] of Object.entries(name === "phantom" ? recordPhantom() : recordPrograms(name)))
    for (const { kernel, parameters } of tape.operations) {
      const key = describeShape(kernel, parameters);
      const known = found.get(key);
      if (!known) found.set(key, { kernel, parameters, origin, count: 1 });
      else if (known.origin === origin) found.set(key, { ...known, count: known.count + 1 });
    }
  return [...found.values()];
}

function parseValue(kernel: Kernel, name: string, text: string): number | boolean | string {
  const expected = typeof kernel.cases[0][name];
  if (expected === "string") return text;
  const value = expected === "boolean" ? { true: true, false: false }[text] : Number(text || Number.NaN);
  if (value === undefined || Number.isNaN(value))
    throw new UserError(`--shape ${name}=${text}: ${kernel.name}'s ${name} is a ${expected}`);
  return value;
}

/**
 * A shape from the command line, as in `--kernel add --shape length=4096,alpha=1,beta=1`.
 * @throws UserError naming the kernel or the field, and what would be right.
 */
export function parseShape(kernelName: string, text: string): Occurrence {
  const kernel = registry.find(({ name }) => name === kernelName);
  if (!kernel)
    throw new UserError(
      `--kernel ${kernelName}: must be one of ${registry.map(({ name }) => name).join(", ")}`,
    );
  const names = Object.keys(kernel.cases[0]);
  const given = new Map(
    text.split(",").map((field) => {
      const [name, value = ""] = field.split("=").map((part) => part.trim());
      if (!names.includes(name))
        throw new UserError(`--shape ${name}: ${kernel.name} takes ${names.join(", ")}`);
      return [name, parseValue(kernel, name, value)];
    }),
  );
  const missing = names.filter((name) => !given.has(name));
  if (missing.length > 0) throw new UserError(`--shape: ${kernel.name} also takes ${missing.join(", ")}`);
  const parameters = Object.fromEntries(names.map((name) => [name, given.get(name)!]));
  for (const { name, shape } of kernel.bindings(parameters))
    if (!shape.every((extent) => Number.isInteger(extent) && extent > 0))
      throw new UserError(`--shape ${text}: ${kernel.name}'s ${name} would be [${shape.join(", ")}]`);
  return { kernel, parameters, origin: "command line", count: 1 };
}

/** One variant to be timed. */
export interface Wanted extends Occurrence {
  readonly variant: Variant;
  /** Whether the engine takes it by itself. */
  readonly chosen: boolean;
}

/** The variants of each shape that are to be timed: all that support it here, or the one that the engine would choose. */
export function wantedVariants(
  occurrences: readonly Occurrence[],
  all: boolean,
  traits: AdapterTraits,
): Wanted[] {
  return occurrences.flatMap((occurrence) => {
    const { kernel, parameters } = occurrence;
    const choice = chooseVariant(kernel, parameters, traits);
    return kernel.variants
      .filter(
        (variant) =>
          variant === choice || (all && canRun(variant, traits) && (variant.supports?.(parameters) ?? true)),
      )
      .map((variant) => ({ ...occurrence, variant, chosen: variant === choice }));
  });
}
