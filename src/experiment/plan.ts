// An experiment as a file says it: runs of the regime under conditions, from several seeds, and what is compared.
import { basename } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { figureNames, summaryDefaults } from "../evaluate/summary.ts";
import { type Config, makeConfig, presetNames, readConfigFile } from "../regime/config.ts";

const overrides = z.record(z.string(), z.unknown());
const name = z
  .string()
  .regex(/^[\w .,-]+$/, "must be a name of letters, digits, blanks, dots, commas and dashes");

const planSchema = z.strictObject({
  question: z.string().min(1),
  preset: z.enum(presetNames as [string, ...string[]]).default("default"),
  /** Fields of the configuration that all conditions share. */
  config: overrides.default({}),
  seeds: z.array(z.int().nonnegative()).min(1),
  /** Fields that each changes, and the place of its point on the curves. */
  conditions: z
    .record(name, z.strictObject({ config: overrides.default({}), at: z.number().optional() }))
    .refine((conditions) => Object.keys(conditions).length > 0, "must have one at least"),
  /** Models that are reported; absent: all. */
  models: z.array(z.string()).min(1).optional(),
  /** Rows of the table: a model, or where there are several conditions "condition / model". */
  comparisons: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** Figures that the comparisons are about, fixed before anything is run. */
  figures: z
    .array(z.enum(figureNames(summaryDefaults) as [string, ...string[]]))
    .min(1)
    .default(["image AUC", "AP at IoU 0.1"]),
  /** What the conditions' places are, with its unit: draws each model's figures over them. */
  curve: z.string().optional(),
});

export interface Condition {
  readonly name: string;
  readonly at?: number;
  /** Without the cell's seed. */
  readonly config: Config;
}

/** One line of the results: a model under a condition. */
export interface Row {
  readonly name: string;
  readonly condition: Condition;
  readonly model: string;
}

export interface Plan
  extends Omit<z.infer<typeof planSchema>, "conditions" | "config" | "preset" | "models"> {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly rows: readonly Row[];
}

/** @throws UserError naming the file and the field that is wrong. */
export async function readPlan(path: string): Promise<Plan> {
  return makePlan(await readConfigFile(path), path);
}

/** @param source names the plan in messages, and is where its name comes from. */
export function makePlan(value: unknown, source: string): Plan {
  const result = planSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UserError(`${source}: ${issue.path.join(".") || "the file"}: ${issue.message}`);
  }
  const { preset, config, conditions: given, models, ...plan } = result.data;
  const conditions = Object.entries(given).map(([name, { at, config: own }]): Condition => {
    const layers = [
      { source: `${source}: config`, values: config },
      { source: `${source}: conditions.${name}.config`, values: own },
    ];
    return { name, at, config: makeConfig(preset, layers) };
  });
  const rows = conditions.flatMap((condition) =>
    reported(condition, models, source).map((model) => ({
      name: conditions.length === 1 ? model : `${condition.name} / ${model}`,
      condition,
      model,
    })),
  );
  checkNames(source, plan, conditions, rows);
  return { ...plan, name: basename(source).replace(/\.json$/, ""), conditions, rows };
}

function reported(
  { name, config }: Condition,
  models: readonly string[] | undefined,
  source: string,
): string[] {
  const known = Object.keys(config.models);
  const chosen = models?.filter((model) => known.includes(model)) ?? known;
  if (chosen.length === 0)
    throw new UserError(`${source}: models: condition ${name} has none of them, only ${known.join(", ")}`);
  return chosen;
}

function checkNames(
  source: string,
  { comparisons, curve, seeds }: Pick<Plan, "comparisons" | "curve" | "seeds">,
  conditions: readonly Condition[],
  rows: readonly Row[],
): void {
  const known = rows.map(({ name }) => name);
  const unknown = comparisons.flat().find((row) => !known.includes(row));
  if (unknown !== undefined)
    throw new UserError(`${source}: comparisons: "${unknown}" must be one of ${known.join("; ")}`);
  const placeless = conditions.find(({ at }) => at === undefined);
  if (curve !== undefined && placeless)
    throw new UserError(`${source}: conditions.${placeless.name}.at: is missing, and the curve needs it`);
  if (new Set(seeds).size < seeds.length) throw new UserError(`${source}: seeds: has one twice`);
}
