// The folder of one run: config.json, metrics.jsonl, warnings.jsonl, events/, checkpoints/, results.json. Whatever stands in it
// is whole.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf, UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { untunedIdentity } from "../engine/tuning.ts";
import type { Config } from "./config.ts";
import { EventFile } from "./eventFile.ts";

/** A line of metrics.jsonl. `step` counts a task's steps from 1; a line of an epoch has that of its last step. */
export interface MetricsLine {
  readonly task: string;
  readonly step: number;
  readonly [name: string]: unknown;
}

/** What config.json says beside the configuration. */
export interface RunFacts {
  readonly tuning: string;
  readonly data: {
    readonly manifest: string;
    /** Labels of the manifest, class 1 first. */
    readonly classes: readonly string[];
    readonly [name: string]: unknown;
  };
  readonly [name: string]: unknown;
}

export class RunFolder {
  /** By task: what TensorBoard shows. */
  readonly #curves = new Map<string, EventFile>();

  private constructor(
    readonly path: string,
    readonly config: Config,
    /** The choices of kernels that the run began with, as `Engine.tuningIdentity` names them. */
    readonly tuning: string,
    readonly classes: readonly string[],
    /** Path of the manifest that it is trained on. */
    readonly manifest: string,
  ) {}

  /** @throws UserError when a folder for a new run holds something. */
  static refuseOccupied(path: string): void {
    if (existsSync(path) && readdirSync(path).length > 0)
      throw new UserError(
        `--out ${path}: the folder is not empty: choose another, or go on with --resume ${path}`,
      );
  }

  /**
   * Starts a run in a folder that is empty or not there yet.
   * @param facts versions, adapter, tuning and data, kept beside the configuration.
   * @throws UserError when the folder holds something.
   */
  static async create(path: string, config: Config, facts: RunFacts): Promise<RunFolder> {
    RunFolder.refuseOccupied(path);
    const folder = new RunFolder(path, config, facts.tuning, facts.data.classes, facts.data.manifest);
    await writeFileAtomically(
      folder.file("config.json"),
      `${JSON.stringify({ config, ...facts }, null, 2)}\n`,
    );
    mkdirSync(folder.file("checkpoints"), { recursive: true });
    return folder;
  }

  /** Opens a run to go on with it or to use it. @throws UserError naming what is missing or damaged. */
  static open(path: string, check: (values: unknown, source: string) => Config): RunFolder {
    const file = join(path, "config.json");
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      throw new UserError(`${path}: no run: ${file} is missing`);
    }
    try {
      const { config, tuning, data } = JSON.parse(text) as { config: unknown } & Partial<RunFacts>;
      const checked = check(config, file);
      if (!data) throw new UserError(`${file}: data: must name the classes that the run was made for`);
      return new RunFolder(path, checked, tuning ?? untunedIdentity, data.classes, data.manifest);
    } catch (error) {
      throw new UserError(error instanceof UserError ? error.message : `${file}: ${reasonOf(error)}`);
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  checkpoint(module: string): string {
    return this.file(join("checkpoints", `${module}.safetensors`));
  }

  /** State of a task under way. */
  state(task: string): string {
    return this.file(join("checkpoints", `${task}.state.safetensors`));
  }

  has(path: string): boolean {
    return existsSync(path);
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** Adds a line to metrics.jsonl, and its numbers to the task's curves. */
  appendMetrics(line: MetricsLine): void {
    appendFileSync(this.file("metrics.jsonl"), `${JSON.stringify(line)}\n`);
    const { task, step, ...values } = line;
    this.#curves.get(task)?.add(step, values);
  }

  /** Keeps what was told while training: a task and a sentence a line, in warnings.jsonl. */
  appendWarning(task: string, warning: string): void {
    appendFileSync(this.file("warnings.jsonl"), `${JSON.stringify({ task, warning })}\n`);
  }

  /** Drops the lines of a task beyond a step: those that will be written again, and a half-written last one. */
  async rewindMetrics(task: string, step: number): Promise<void> {
    this.#curves.set(task, EventFile.begin(this.file(join("events", task)), step));
    const file = this.file("metrics.jsonl");
    if (!existsSync(file)) return;
    const kept = readFileSync(file, "utf8")
      .split("\n")
      .filter((text) => {
        try {
          const line = JSON.parse(text) as MetricsLine;
          return line.task !== task || line.step <= step;
        } catch {
          return false;
        }
      });
    await writeFileAtomically(file, kept.map((text) => `${text}\n`).join(""));
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomically(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }
}
