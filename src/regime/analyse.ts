// Why a run came out as it did: which lesions the models find, and what their networks represent.
import { initialValues } from "../autograd/parameters.ts";
import { RandomStream } from "../base/random.ts";
import type { Manifest, PairRecord } from "../data/manifest.ts";
import {
  type ComparedReaders,
  compareFeatures,
  compareImages,
  compareLesions,
  type FeatureComparison,
  type FeatureSplit,
  permuted,
  probeAuc,
  sideBySide,
} from "../evaluate/complementarity.ts";
import { matchRule } from "../evaluate/detection.ts";
import { type Subgroup, subgroupsOf } from "../evaluate/subgroups.ts";
import { loadModule } from "../train/checkpoint.ts";
import { detectAll, measureSimilarities, type Similarities, type TrainedContext } from "./evaluation.ts";
import { pooledFeatures } from "./features.ts";
import { lesionFacts } from "./lesionFacts.ts";
import { batchShape } from "./loaders.ts";
import type { TrainedRun } from "./trainedRun.ts";

/** What analysis.json holds. */
export interface RunAnalysis {
  readonly method: {
    readonly images: number;
    readonly rule: string;
    readonly falsePositivesPerImage: number;
    readonly falsePositiveShare: number;
  };
  readonly subgroups: readonly Subgroup[];
  /** Of model_sm and model_ffdm, where the run has both. */
  readonly readers?: { readonly lesions: ComparedReaders; readonly images: ComparedReaders };
  /** Of pooled features: fitted on validation pairs, judged on test pairs. By "one -> other". */
  readonly features: Readonly<Record<string, FeatureComparison>>;
  /** AUC of linear probes for a lesion on the image, by network. */
  readonly probes: Readonly<Record<string, number>>;
  readonly similarities: Similarities;
}

const method = { falsePositivesPerImage: 1, falsePositiveShare: 0.2 };

/** Fixed, so that an analysis is the same whenever it is made. */
const seed = 1;

async function splitFeatures(
  context: TrainedContext,
  names: readonly string[],
): Promise<Map<string, FeatureSplit>> {
  const { engine, folder, modules, loaders } = context;
  const shape = batchShape(folder.config);
  const networks = names.map((name) => modules[name]);
  const of = async (pairs: readonly PairRecord[]) => {
    const loader = loaders.inOrder(pairs);
    try {
      return await pooledFeatures(engine, networks, loader, shape);
    } finally {
      await loader.close();
    }
  };
  const [fit, judge] = [await of(loaders.pairs("validation")), await of(loaders.pairs("test"))];
  return new Map(names.map((name) => [name, { fit: fit[name], judge: judge[name] }]));
}

/** Features of all networks, and as a control of the first teacher with new parameters: "random". */
async function allFeatures(context: TrainedContext, teacher: string | undefined) {
  const { engine, folder, modules } = context;
  const names = [...Object.keys(folder.config.detectors), ...Object.keys(folder.config.students)];
  for (const name of names) await loadModule(engine, modules[name].set, folder.checkpoint(name));
  const features = await splitFeatures(context, names);
  if (!teacher) return features;
  const { set } = modules[teacher];
  engine.writePlane(set.plane("values"), initialValues(set.parameters, seed, "random control"));
  engine.writePlane(set.plane("statistics"), initialValues(set.statistics, seed, "random control"));
  const control = (await splitFeatures(context, [teacher])).get(teacher) as FeatureSplit;
  return features.set("random", control);
}

/** What of the teacher's features each student has, beside what the SM detector has and what chance gives. */
function compareNetworks(
  features: ReadonlyMap<string, FeatureSplit>,
  students: readonly string[],
  teacher: string,
) {
  const compared: Record<string, FeatureComparison> = {};
  const wanted = features.get(teacher) as FeatureSplit;
  const add = (name: string, first: FeatureSplit, second = wanted) => {
    compared[name] = compareFeatures(first, second);
  };
  const base = features.get("module_a");
  for (const name of ["module_a", "module_a2", ...students, "random"]) {
    const own = features.get(name);
    if (own && name !== teacher) add(`${name} -> ${teacher}`, own);
    if (own && base && students.includes(name)) {
      add(`module_a -> ${name}`, base, own);
      add(`module_a and ${name} -> ${teacher}`, sideBySide([base, own]));
    }
  }
  if (base) {
    const stream = new RandomStream(seed, "permuted control");
    add(
      `module_a -> ${teacher}, of other images`,
      base,
      permuted(wanted, (count) => stream.nextPermutation(count)),
    );
  }
  return compared;
}

/**
 * Looks at a finished run's test pairs.
 * @throws UserError naming a checkpoint or an image that cannot be read.
 */
export async function analyseRun(
  context: TrainedContext,
  run: TrainedRun,
  manifest: Manifest,
): Promise<RunAnalysis> {
  const { folder, loaders } = context;
  const pairs = loaders.pairs("test");
  const { detections } = await detectAll(context, run.models, pairs);
  // Judged on the SM: the models of the FFDM alone have lesions in other places.
  const onSm = Object.fromEntries(
    run.models
      .filter(({ modality }) => modality === run.models[0].modality)
      .map(({ name }) => [name, detections[name]]),
  );
  const { evaluation, comparisons, students } = folder.config;
  const rule = matchRule(evaluation.rule);
  const { falsePositivesPerImage: rate, falsePositiveShare } = method;
  const facts = await lesionFacts(manifest, pairs, Object.values(onSm)[0]);
  const compared = comparisons.filter((pair) => pair.every((name) => name in onSm));
  const subgroups = subgroupsOf(onSm, facts, {
    seed,
    resamples: evaluation.resamples,
    rule,
    rate,
    comparisons: compared,
  });
  const { model_sm: first, model_ffdm: second } = detections;
  const readers =
    first && second
      ? {
          lesions: compareLesions(first, second, rule, rate),
          images: compareImages(first, second, falsePositiveShare),
        }
      : undefined;
  const teacher =
    Object.values(students)[0]?.teacher ?? (Object.keys(students).length > 0 ? "module_c" : undefined);
  const similarities = await measureSimilarities(context);
  const features = await allFeatures(context, teacher);
  const lesions = {
    fit: loaders.pairs("validation").map(({ classes }) => classes.length > 0),
    judge: pairs.map(({ classes }) => classes.length > 0),
  };
  return {
    method: { images: pairs.length, rule: rule.name, falsePositivesPerImage: rate, falsePositiveShare },
    subgroups,
    ...(readers ? { readers } : {}),
    features: teacher ? compareNetworks(features, Object.keys(students), teacher) : {},
    probes: Object.fromEntries([...features].map(([name, split]) => [name, probeAuc(split, lesions)])),
    similarities,
  };
}
