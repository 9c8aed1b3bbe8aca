// A finished run, to use what it has trained.
import { UserError } from "../base/errors.ts";
import type { BatchShape } from "../train/task.ts";
import { checkStoredConfig } from "./config.ts";
import { batchShape } from "./loaders.ts";
import { comparedModels, type Model } from "./models.ts";
import { type Modules, modulesOf } from "./modules.ts";
import { RunFolder } from "./runFolder.ts";

export class TrainedRun {
  readonly folder: RunFolder;
  readonly modules: Modules;
  readonly models: readonly Model[];

  /** @throws UserError when there is no run in the folder. */
  constructor(path: string) {
    this.folder = RunFolder.open(path, checkStoredConfig);
    const { config, classes } = this.folder;
    this.modules = modulesOf(config, classes.length);
    this.models = comparedModels(this.modules, config);
  }

  /** @throws UserError when there is no such model, or the run has not come to train it. */
  model(name: string): Model {
    const model = this.models.find((candidate) => candidate.name === name);
    if (!model)
      throw new UserError(
        `model ${name}: must be one of ${this.models.map((known) => known.name).join(", ")}`,
      );
    const missing = model.modules.find((module) => !this.folder.has(this.folder.checkpoint(module)));
    if (missing)
      throw new UserError(`${this.folder.path}: has not trained ${missing} yet, which ${name} needs`);
    return model;
  }

  shape(batch: number): BatchShape {
    return { ...batchShape(this.folder.config), batch };
  }
}
