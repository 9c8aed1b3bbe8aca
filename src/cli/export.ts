import type { Command } from "commander";
import type { Plane } from "../autograd/parameters.ts";
import { packageVersion, writeFileAtomically } from "../base/files.ts";
import { exportOnnx, readerOf } from "../export/exportOnnx.ts";
import { recordModel } from "../regime/detect.ts";
import { TrainedRun } from "../regime/trainedRun.ts";
import { readModule } from "../train/checkpoint.ts";
import { createReporter } from "./reporter.ts";

interface ExportOptions {
  readonly onnx: string;
  readonly model: string;
}

/** What who runs the model must know: the classes, and how an image becomes its input. */
function metadataOf({ folder }: TrainedRun): Record<string, string> {
  const { config, classes } = folder;
  return {
    classes: JSON.stringify(classes),
    imageSize: JSON.stringify(config.imageSize),
    input: "one image, more is brighter, resampled to the size, standardised to mean 0 and deviation 1",
    nmsIou: String(config.evaluation.nmsIou),
  };
}

async function exportModel(path: string, { onnx, model: name }: ExportOptions): Promise<void> {
  const run = new TrainedRun(path);
  const model = run.model(name);
  const planes = new Map<Plane, Float32Array>();
  for (const module of model.modules)
    for (const [plane, values] of await readModule(run.modules[module].set, run.folder.checkpoint(module)))
      planes.set(plane, values);
  const { tape, outputs } = recordModel(model, run.shape(1));
  const { logits, boxes } = outputs;
  const bytes = exportOnnx(
    { tape, outputs: { logits, boxes }, classes: run.folder.classes.length },
    readerOf(planes),
    {
      name,
      version: packageVersion(),
      description: `${name} of ${run.folder.config.model}, exported by diptych`,
      metadata: metadataOf(run),
    },
  );
  await writeFileAtomically(onnx, bytes);
  createReporter().note(`${onnx}: ${name}, ${(bytes.length / 2 ** 20).toFixed(1)} MiB`);
}

export function addExport(program: Command): void {
  program
    .command("export")
    .description("write a trained model as ONNX")
    .argument("<run>", "folder of a finished run")
    .requiredOption("--onnx <file>", "where to")
    .option("--model <name>", "one of those that the results table names", "fused")
    .action(exportModel);
}
