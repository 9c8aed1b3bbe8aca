// The modules of arXiv 2408.08560 and of what it is compared with.
import { type DetectorConfig, detectorConfig } from "../detector/config.ts";
import { DetectorModule } from "../detector/module.ts";
import type { Modality } from "../train/task.ts";
import type { Config } from "./config.ts";

/** A predictor and the two feature networks below it. */
export interface PredictorSpec {
  readonly name: string;
  /** What the results call the whole. */
  readonly model: string;
  readonly title: string;
  readonly branches: readonly [string, string];
}

export const predictorSpecs: readonly PredictorSpec[] = [
  {
    name: "predictor_fused",
    model: "fused",
    title: "fused predictor on A(SM) and B(SM)",
    branches: ["module_a", "module_b"],
  },
  {
    name: "predictor_twin",
    model: "twin_sm",
    title: "twin predictor on A(SM) and A2(SM)",
    branches: ["module_a", "module_a2"],
  },
  {
    name: "predictor_ub",
    model: "base_ub",
    title: "upper-bound predictor on A(SM) and C(FFDM)",
    branches: ["module_a", "module_c"],
  },
];

/** By name, which is also the stem of the module's checkpoint. */
export type Modules = Readonly<Record<string, DetectorModule>>;

/**
 * Where a predictor's feature networks live: the modules of stages 1 and 2 themselves, or with fine-tuning copies of
 * them, so that one predictor's training changes no other model.
 */
export function branchNames({ name, branches }: PredictorSpec, fineTune: boolean): readonly [string, string] {
  const [first, second] = branches;
  return fineTune ? [`${name}/${first}`, `${name}/${second}`] : branches;
}

/** Which image a feature network looks at: C and its copies the FFDM, all others the SM. */
export const modalityOf = (name: string): Modality => (name.endsWith("module_c") ? "ffdm" : "sm");

/**
 * A and its twin see the SM, C the FFDM, each with heads of its own; B has features alone; the predictors are heads
 * over two pyramids side by side.
 */
export function createModules(config: DetectorConfig, fineTune: boolean): Modules {
  const modules: Record<string, DetectorModule> = {};
  const create = (name: string, features: boolean, headChannels: number) => {
    modules[name] = new DetectorModule(name, config, { features, headChannels });
  };
  const { pyramidChannels } = config;
  for (const name of ["module_a", "module_c", "module_a2"]) create(name, true, pyramidChannels);
  create("module_b", true, 0);
  for (const spec of predictorSpecs) {
    create(spec.name, false, 2 * pyramidChannels);
    if (fineTune) for (const branch of branchNames(spec, true)) create(branch, true, 0);
  }
  return modules;
}

/** The modules of a run. @param numClasses labels of its manifest. */
export function modulesOf(config: Config, numClasses: number): Modules {
  const detector = detectorConfig(config.model, {
    numClasses,
    inChannels: 1,
    dropConnectRate: config.dropConnectRate,
    anchorScale: config.anchorScale ?? undefined,
  });
  return createModules(detector, config.predictor.fineTune);
}
