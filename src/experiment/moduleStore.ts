// Trained modules of an experiment, so that what two cells would train alike is trained once. A module's name in the store
// is a hash of all that decides its bits: the settings that reach it, and the modules that it is trained from.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { shortHash, writeFileAtomically } from "../base/files.ts";
import type { Config } from "../regime/config.ts";
import { modulesOf } from "../regime/modules.ts";
import type { RunFolder } from "../regime/runFolder.ts";
import { type StageTask, stageTasks } from "../regime/stages.ts";

/** What a task is by its own name, leaving out everything else that the run trains. */
function definitionOf({ stage, name }: StageTask, config: Config): unknown {
  if (stage === 1) return config.detectors[name];
  if (stage === 2) return { ...config.distillation, ...config.students[name] };
  const [model] = Object.entries(config.models).filter(([model]) => name === `predictor_${model}`);
  return [model, config.predictor];
}

/** Settings that reach every task. */
function commonSettings(config: Config): unknown {
  const {
    preset,
    adapter,
    epochs,
    detectors,
    students,
    models,
    comparisons,
    distillation,
    predictor,
    evaluation,
    workers,
    cache,
    saveEvery,
    ...rest
  } = config;
  return rest;
}

/** By task: a name that no task shares unless it comes out the same, to the bit. @param machine adapter and tuning. */
export function taskKeys(config: Config, machine: unknown): Map<string, string> {
  const keys = new Map<string, string>();
  const ofModule = new Map<string, string>();
  for (const task of stageTasks(modulesOf(config, 1), config)) {
    const sources = [...task.reads, ...Object.values(task.startsFrom)].map((module) => ofModule.get(module));
    const epochs = config.epochs[`stage${task.stage}`];
    const definition = definitionOf(task, config);
    const key = shortHash([machine, commonSettings(config), epochs, task.name, definition, sources]);
    keys.set(task.name, key);
    for (const module of task.trains) ofModule.set(module, `${key}/${module}`);
  }
  return keys;
}

export class ModuleStore {
  constructor(private readonly folder: string) {}

  #file(key: string, name: string): string {
    return join(this.folder, key, `${name.replaceAll("/", "~")}`);
  }

  /** Puts what is known of a task's modules where a run looks for its own. @returns whether it was. */
  async fetch(key: string, task: StageTask, run: RunFolder): Promise<boolean> {
    if ((await this.seconds(key)) === undefined) return false;
    for (const module of task.trains) {
      const checkpoint = run.checkpoint(module);
      await mkdir(dirname(checkpoint), { recursive: true });
      await copyFile(this.#file(key, `${module}.safetensors`), checkpoint);
    }
    return true;
  }

  /** Keeps what a run has trained. The note of its seconds is written last, and makes the entry whole. */
  async keep(key: string, task: StageTask, run: RunFolder, seconds: number): Promise<void> {
    await mkdir(join(this.folder, key), { recursive: true });
    for (const module of task.trains)
      await copyFile(run.checkpoint(module), this.#file(key, `${module}.safetensors`));
    await writeFileAtomically(this.#file(key, "seconds.json"), JSON.stringify({ task: task.name, seconds }));
  }

  /** How long a task has taken when it was trained; undefined: it never was. */
  async seconds(key: string): Promise<number | undefined> {
    try {
      return (JSON.parse(await readFile(this.#file(key, "seconds.json"), "utf8")) as { seconds: number })
        .seconds;
    } catch {
      return undefined;
    }
  }
}
