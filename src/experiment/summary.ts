// From an experiment's cells to its table.

import { type SeededComparison, type SeededFigure, summarizeOverSeeds } from "../evaluate/overSeeds.ts";
import { summaryDefaults } from "../evaluate/summary.ts";
import type { Config } from "../regime/config.ts";
import { headNames } from "../regime/modules.ts";
import type { Cell } from "./cells.ts";
import type { Plan, Row } from "./plan.ts";

/** A model under a condition, over all seeds. */
export interface ExperimentRow {
  readonly name: string;
  readonly condition: string;
  readonly model: string;
  /** The condition's place on the curves. */
  readonly at?: number;
  readonly parameters: number;
  /** For one image. */
  readonly flops: number;
  readonly inferenceMilliseconds: number;
  /** Mean over seeds, of every task that the model needs. */
  readonly trainingSeconds: number;
  readonly figures: Readonly<Record<string, SeededFigure>>;
}

/** What experiment.json holds. */
export interface ExperimentSummary {
  readonly name: string;
  readonly question: string;
  readonly seeds: readonly number[];
  readonly method: { readonly images: number; readonly patients: number; readonly resamples: number };
  readonly curve?: string;
  readonly rows: readonly ExperimentRow[];
  readonly comparisons: readonly SeededComparison[];
  readonly adapter: unknown;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Names of the tasks that a model's training needs: its heads', its branches', and those that these start from or learn. */
export function neededTasks(model: string, { detectors, students, models, distillation }: Config): string[] {
  const design = models[model];
  const needed = new Set<string>();
  const visit = (name: string): void => {
    if (needed.has(name) || name === "random") return;
    needed.add(name);
    if (name in detectors && detectors[name].start) visit(detectors[name].start as string);
    if (!(name in students)) return;
    const { teacher = "module_c", start = distillation.start } = students[name];
    for (const source of [teacher, start]) visit(source);
  };
  for (const branch of design.branches) visit(branch);
  if (design.fusion !== "own") needed.add(headNames(model, design)[0]);
  return [...needed];
}

function rowOf(row: Row, cells: readonly Cell[], figures: ExperimentRow["figures"]): ExperimentRow {
  const own = cells.filter(({ condition }) => condition === row.condition);
  const costs = own.map(({ results }) => results.costs[row.model]);
  const tasks = neededTasks(row.model, row.condition.config);
  return {
    name: row.name,
    condition: row.condition.name,
    model: row.model,
    ...(row.condition.at === undefined ? {} : { at: row.condition.at }),
    parameters: costs[0].parameters,
    flops: costs[0].flops,
    inferenceMilliseconds: mean(costs.map(({ milliseconds }) => milliseconds)),
    trainingSeconds: mean(
      own.map(({ seconds }) => tasks.reduce((sum, task) => sum + (seconds[task] ?? Number.NaN), 0)),
    ),
    figures,
  };
}

/** @param cells every condition from every seed of the plan. */
export function summarizeExperiment(plan: Plan, cells: readonly Cell[]): ExperimentSummary {
  const trainings = plan.rows.map(({ name, condition, model }) => {
    const own = cells.filter((cell) => cell.condition === condition);
    return [name, own.map(({ detections }) => detections[model])] as const;
  });
  const { resamples } = plan.conditions[0].config.evaluation;
  const { rows, comparisons } = summarizeOverSeeds(Object.fromEntries(trainings), {
    seed: 1,
    resamples,
    comparisons: plan.comparisons,
    figures: plan.figures,
  });
  const [[, [images]]] = trainings;
  return {
    name: plan.name,
    question: plan.question,
    seeds: plan.seeds,
    method: {
      images: images.length,
      patients: new Set(images.map(({ patient }) => patient)).size,
      resamples: resamples ?? summaryDefaults.resamples,
    },
    ...(plan.curve === undefined ? {} : { curve: plan.curve }),
    rows: plan.rows.map((row) => rowOf(row, cells, rows[row.name])),
    comparisons,
    adapter: cells[0].results.adapter,
  };
}
