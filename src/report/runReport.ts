// A finished run's folder, gathered for its page.
import { readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { reasonOf, UserError } from "../base/errors.ts";
import type { Manifest } from "../data/manifest.ts";
import { describeAdapter } from "../engine/adapter.ts";
import { reliability } from "../evaluate/calibration.ts";
import { hasLesion, type ImageResult, imageScore, type MatchRule, matchRule } from "../evaluate/detection.ts";
import { frocCurve } from "../evaluate/froc.ts";
import { rocCurve } from "../evaluate/roc.ts";
import type { RunAnalysis } from "../regime/analyse.ts";
import { renderAnalysis } from "../regime/analysisTable.ts";
import type { TrainedContext } from "../regime/evaluation.ts";
import { illustrateDetections, illustrateDistillation } from "../regime/illustrate.ts";
import type { Results } from "../regime/run.ts";
import type { RunFolder } from "../regime/runFolder.ts";
import type { EpochLosses, RunReport } from "./runPage.ts";

/** JSON has no NaN: a figure that is not defined was written as null. */
const undefinedFigure = (_key: string, value: unknown): unknown => (value === null ? Number.NaN : value);

async function read<T>(folder: RunFolder, name: string): Promise<T> {
  try {
    return JSON.parse(await readFile(folder.file(name), "utf8"), undefinedFigure) as T;
  } catch (error) {
    throw new UserError(`${folder.file(name)}: a finished run has this file (${reasonOf(error)})`);
  }
}

function curvesOf(results: readonly ImageResult[], rule: MatchRule): RunReport["curves"][string] {
  const [lesions, scores] = [results.map(hasLesion), results.map(imageScore)];
  const { bins } = reliability(lesions, scores);
  return {
    roc: rocCurve(lesions, scores).map(({ falsePositiveRate, truePositiveRate }) => [
      falsePositiveRate,
      truePositiveRate,
    ]),
    froc: frocCurve(results, rule)
      .filter(({ falsePositivesPerImage }) => falsePositivesPerImage <= 4)
      .map(({ falsePositivesPerImage, sensitivity }) => [falsePositivesPerImage, sensitivity]),
    reliability: bins
      .filter(({ count }) => count > 0)
      .map(({ meanProbability, shareOfPositives }) => [meanProbability, shareOfPositives]),
  };
}

interface EpochLine {
  readonly task: string;
  readonly epoch?: number;
  readonly batchStatistics?: boolean;
  readonly training?: { readonly loss: number };
  readonly validation?: { readonly loss: number };
}

/**
 * The last line of each epoch: a resumed run may have written one twice. Epochs that normalise by the batch are left out, as
 * validation, which does not, says nothing of them.
 */
async function epochsOf(folder: RunFolder): Promise<EpochLosses[]> {
  const text = await readFile(folder.file("metrics.jsonl"), "utf8").catch(() => "");
  const epochs = new Map<string, EpochLosses>();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const { task, epoch, batchStatistics, training, validation } = JSON.parse(line) as EpochLine;
    if (epoch === undefined || batchStatistics || !training || !validation) continue;
    epochs.set(`${task} ${epoch}`, { task, epoch, training: training.loss, validation: validation.loss });
  }
  return [...epochs.values()];
}

/**
 * What was told while training, once each: a resumed run may have told it twice. Files are named from the manifest's folder on,
 * since a page is passed around.
 */
async function warningsOf(folder: RunFolder, manifest: Manifest): Promise<string[]> {
  const here = join(dirname(manifest.path), sep);
  const text = await readFile(folder.file("warnings.jsonl"), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  const told = lines.map((line) => (JSON.parse(line) as { warning: string }).warning);
  return [...new Set(told)].map((warning) => warning.replaceAll(here, ""));
}

function settingOf({ config }: RunFolder, manifest: Manifest): [string, string][] {
  const { model, imageSize, batch, epochs, seed, optimizer, learningRate, distillation, phantom } = config;
  const counts = (["train", "validation", "test"] as const).map(
    (split) => manifest.pairs.filter((pair) => pair.split === split).length,
  );
  return [
    ["detector", model],
    ["input, pixels", imageSize.join(" x ")],
    ["pairs: train, validation, test", counts.join(", ")],
    ["labels", manifest.classes.join(", ")],
    ["data", config.data ?? `simulated, ${phantom.patients} patients, seed ${phantom.seed}`],
    ["epochs of the stages", Object.values(epochs).join(", ")],
    ["batch", String(batch)],
    ["optimizer", `${optimizer.kind}, ${learningRate}`],
    ["students learn by", `${distillation.loss} of the ${distillation.tap}`],
    ["seed", String(seed)],
  ];
}

/** @throws UserError naming what a finished run would have and this one has not. */
export async function gatherReport(context: TrainedContext, manifest: Manifest): Promise<RunReport> {
  const { folder, engine } = context;
  const results = await read<Results>(folder, "results.json");
  const detections = await read<Record<string, ImageResult[]>>(folder, "detections.json");
  const analysis = await read<RunAnalysis>(folder, "analysis.json").catch(() => undefined);
  const rule = matchRule(folder.config.evaluation.rule);
  const [shown] = folder.config.comparisons[0] ?? Object.keys(detections);
  return {
    title: `${shown}: ${folder.config.model} on ${folder.config.data ? manifest.path : "simulated pairs"}`,
    notes: [
      `Trained on ${describeAdapter(results.adapter as Parameters<typeof describeAdapter>[0])}; tuning ${results.tuning}. Pictures made on ${engine.adapter.name}.`,
      `Choices that are not the paper's are in config.json beside this page's data, and explained in docs/regime.md.`,
    ],
    summary: results,
    setting: settingOf(folder, manifest),
    costs: results.costs,
    curves: Object.fromEntries(Object.entries(detections).map(([name, own]) => [name, curvesOf(own, rule)])),
    calibration: Object.fromEntries(
      Object.entries(results.further.models).map(([name, { calibration }]) => [name, calibration]),
    ),
    epochs: await epochsOf(folder),
    warnings: await warningsOf(folder, manifest),
    ...(analysis ? { subgroups: analysis.subgroups, analysis: renderAnalysis(analysis) } : {}),
    distillation: await illustrateDistillation(context),
    gallery: await illustrateDetections(context, detections[shown]),
  };
}
