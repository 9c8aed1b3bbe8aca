import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { packageVersion, writeFileAtomically } from "../base/files.ts";
import { encodeCadReport, type ReportedImage } from "../data/dicom/cadReport.ts";
import { dicomReference } from "../data/dicom/reference.ts";
import { frameOf, pathOf } from "../data/image.ts";
import { encodePicture } from "../data/picture.ts";
import { withEngine } from "../engine/engine.ts";
import { type FilePrediction, predictFiles } from "../regime/predict.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { lesionPicture } from "../report/lesionPicture.ts";
import { positiveInteger, share } from "./options.ts";
import { createReporter } from "./reporter.ts";

interface PredictCommandOptions {
  readonly model: string;
  readonly threshold: number;
  readonly batch: number;
  readonly json: string;
  readonly csv?: string;
  readonly overlays?: string;
  readonly sr?: string;
  readonly adapter?: string;
}

type Predicted = Extract<FilePrediction, { lesions: unknown }>;

/** A line a lesion; scores and edges with as many digits as they mean. */
function csvOf(predictions: readonly Predicted[]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = predictions.flatMap(({ file, lesions }) =>
    lesions.map(({ label, score, box }) =>
      [quote(file), quote(label), score.toFixed(4), ...box.map((edge) => edge.toFixed(1))].join(","),
    ),
  );
  return `${["file,label,score,yMin,xMin,yMax,xMax", ...rows].join("\n")}\n`;
}

/** A structured report a study, of the files that are DICOM. @returns how many files are not, and are in none. */
async function writeReports(
  folder: string,
  predictions: readonly Predicted[],
  algorithm: string,
  classes: readonly string[],
) {
  const studies = new Map<string, ReportedImage[]>();
  let others = 0;
  for (const { file, image, lesions } of predictions) {
    const reference = dicomReference(await readFile(pathOf(file)));
    if (!reference) {
      others++;
      continue;
    }
    const detections = lesions.map(({ label, ...lesion }) => ({
      ...lesion,
      label: classes.indexOf(label) + 1,
    }));
    const frame = frameOf(file);
    const reported = { reference, image, detections, ...(frame ? { frame } : {}) };
    studies.set(reference.study, [...(studies.get(reference.study) ?? []), reported]);
  }
  const options = { algorithm, version: packageVersion(), classes, date: new Date() };
  for (const [study, images] of studies)
    await writeFileAtomically(join(folder, `${study}.sr.dcm`), encodeCadReport(images, options));
  return others;
}

async function predict(
  path: string,
  images: readonly string[],
  options: PredictCommandOptions,
): Promise<void> {
  const { model: name, threshold, batch, json, csv, overlays, sr, adapter } = options;
  const run = new TrainedRun(path);
  const model = run.model(name);
  const reporter = createReporter();
  const predictions: Predicted[] = [];
  let bad = 0;
  await withEngine({ adapter }, async (engine) => {
    const bar = reporter.progress("predicting", images.length);
    try {
      for await (const prediction of predictFiles(engine, run, model, images, { batch, threshold })) {
        if ("error" in prediction) {
          bad++;
          reporter.warn(prediction.error);
        } else {
          predictions.push(prediction);
          for (const warning of prediction.warnings) reporter.warn(warning);
          if (overlays) {
            const png = encodePicture(
              lesionPicture(prediction.image, prediction.lesions, run.folder.classes),
            );
            await writeFileAtomically(
              join(overlays, `${basename(prediction.file).replace(/\.\w+$/, "")}.png`),
              png,
            );
          }
        }
        bar.update(predictions.length + bad, basename(prediction.file));
      }
    } finally {
      bar.stop();
    }
  });
  const content = {
    run: path,
    model: name,
    images: predictions.map(({ file, image, lesions }) => ({
      file,
      height: image.height,
      width: image.width,
      lesions,
    })),
  };
  await writeFileAtomically(json, `${JSON.stringify(content, null, 2)}\n`);
  if (csv) await writeFileAtomically(csv, csvOf(predictions));
  if (sr) {
    const others = await writeReports(sr, predictions, `diptych ${name}`, run.folder.classes);
    if (others > 0) reporter.warn(`${others} images are no DICOM that names its study, and are in no report`);
  }
  const found = predictions.reduce((sum, { lesions }) => sum + lesions.length, 0);
  reporter.note(
    `${predictions.length} images, ${found} lesions above ${threshold}: ${[json, csv, overlays, sr].filter(Boolean).join(", ")}`,
  );
  if (bad > 0) {
    reporter.warn(`${bad} of ${images.length} images could not be used`);
    process.exitCode = 1;
  }
}

export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("lesions that a trained model finds in images, in the files' own pixels")
    .argument("<run>", "folder of a finished run")
    .argument("<images...>", "DICOM or 16-bit PNG")
    .option("--model <name>", "one that the results table names, of one image", "fused")
    .option("--threshold <score>", "lesions that score more are told", share, 0.1)
    .option("--batch <images>", "images at a time", positiveInteger, 4)
    .option("--json <file>", "where the lesions go", "predictions.json")
    .option("--csv <file>", "a line a lesion, too")
    .option("--overlays <folder>", "a PNG an image, with its lesions drawn")
    .option("--sr <folder>", "a DICOM structured report (Mammography CAD SR) a study")
    .option("--adapter <kind>", "auto, hardware, software or embedded; also DIPTYCH_ADAPTER")
    .action(predict);
}
