// The runs behind an experiment, one a condition and seed. A cell that is finished is never run again; one that was
// interrupted goes on where it was.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import type { Reporter } from "../base/reporter.ts";
import type { Engine } from "../engine/engine.ts";
import type { ImageResult } from "../evaluate/detection.ts";
import { type Config, checkStoredConfig } from "../regime/config.ts";
import { modulesOf } from "../regime/modules.ts";
import { type Results, runRegime } from "../regime/run.ts";
import { RunFolder } from "../regime/runFolder.ts";
import { type StageTask, stageTasks } from "../regime/stages.ts";
import { dataOf, factsOf } from "../regime/startRun.ts";
import { ModuleStore, taskKeys } from "./moduleStore.ts";
import type { Condition, Plan } from "./plan.ts";

export interface Cell {
  readonly condition: Condition;
  readonly seed: number;
  readonly results: Results;
  /** Of the test images, by model. */
  readonly detections: Readonly<Record<string, readonly ImageResult[]>>;
  /** Seconds that each task took when it was trained, in this cell or another. */
  readonly seconds: Readonly<Record<string, number>>;
}

export interface ExperimentContext {
  readonly engine: Engine;
  /** Of the whole experiment. */
  readonly folder: string;
  readonly plan: Plan;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

const fileName = (name: string): string => name.replace(/[^\w.-]+/g, "-");

class CellRun {
  readonly #config: Config;
  readonly #path: string;
  readonly #store: ModuleStore;

  constructor(
    private readonly context: ExperimentContext,
    private readonly condition: Condition,
    private readonly seed: number,
  ) {
    this.#config = { ...condition.config, seed };
    this.#path = join(context.folder, "cells", fileName(condition.name), `seed-${seed}`);
    this.#store = new ModuleStore(join(context.folder, "modules"));
  }

  /** Tasks with their keys in the store. */
  get #tasks(): { task: StageTask; key: string }[] {
    const { adapter, tuningIdentity } = this.context.engine;
    const keys = taskKeys(this.#config, [adapter, tuningIdentity]);
    return stageTasks(modulesOf(this.#config, 1), this.#config).map((task) => ({
      task,
      key: keys.get(task.name) as string,
    }));
  }

  async #read<T>(name: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#path, name), "utf8")) as T;
    } catch {
      return undefined;
    }
  }

  /** A cell that a plan has left behind says so: its figures would stand under another plan's name. */
  #checkKept(): void {
    const kept = RunFolder.open(this.#path, checkStoredConfig).config as Readonly<Record<string, unknown>>;
    const wanted = this.#config as Readonly<Record<string, unknown>>;
    const changed = Object.keys(wanted).find(
      (field) => JSON.stringify(kept[field]) !== JSON.stringify(wanted[field]),
    );
    if (changed)
      throw new UserError(
        `${this.#path}: was run with ${changed} ${JSON.stringify(kept[changed])}, and the plan says ${JSON.stringify(wanted[changed])}: delete the cell to run it again, or give another --out`,
      );
  }

  async run(): Promise<Cell> {
    const { reporter } = this.context;
    if (await this.#read("config.json")) this.#checkKept();
    if (!(await this.#read("results.json"))) await this.#train();
    else reporter.note(`${this.#path}: finished before`);
    const [results, detections] = [await this.#read("results.json"), await this.#read("detections.json")];
    const seconds = await Promise.all(
      this.#tasks.map(async ({ task, key }) => [task.name, (await this.#store.seconds(key)) ?? Number.NaN]),
    );
    const { condition, seed } = this;
    return { condition, seed, results, detections, seconds: Object.fromEntries(seconds) } as Cell;
  }

  async #train(): Promise<void> {
    const { engine, reporter, signal } = this.context;
    const manifest = await dataOf(engine, this.#config, reporter, signal);
    const folder = (await this.#read("config.json"))
      ? RunFolder.open(this.#path, checkStoredConfig)
      : await RunFolder.create(this.#path, this.#config, factsOf(engine, manifest));
    const fetched = new Set<string>();
    for (const { task, key } of this.#tasks)
      if (await this.#store.fetch(key, task, folder)) fetched.add(task.name);
    if (fetched.size > 0) reporter.note(`trained before: ${[...fetched].join(", ")}`);
    const results = await runRegime(
      { engine, folder, manifest, reporter, interrupted: () => signal.aborted },
      3,
    );
    for (const { task, key } of this.#tasks)
      if (!fetched.has(task.name))
        await this.#store.keep(key, task, folder, results?.seconds[task.name] ?? 0);
  }
}

/**
 * Runs what is not finished, all conditions of a seed before the next seed, so that an experiment that is stopped early has
 * whole comparisons.
 * @throws UserError; Interrupted when the user asked to stop, after the state has been saved.
 */
export async function runCells(context: ExperimentContext): Promise<Cell[]> {
  const { plan, reporter } = context;
  const cells: Cell[] = [];
  const count = plan.seeds.length * plan.conditions.length;
  for (const seed of plan.seeds)
    for (const condition of plan.conditions) {
      reporter.note(`\ncell ${cells.length + 1} of ${count}: ${condition.name}, seed ${seed}`);
      cells.push(await new CellRun(context, condition, seed).run());
    }
  return cells;
}
