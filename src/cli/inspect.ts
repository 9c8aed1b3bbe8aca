// What a file says, and what preprocessing makes of it.
import { readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Box } from "../base/boxes.ts";
import { UserError } from "../base/errors.ts";
import { writeFileAtomically } from "../base/files.ts";
import { RandomStream } from "../base/random.ts";
import type { Reporter } from "../base/reporter.ts";
import { augmentPair, drawAugmentation } from "../data/augment.ts";
import { dicomFacts } from "../data/dicom/facts.ts";
import type { GrayImage } from "../data/grayImage.ts";
import { readImage } from "../data/image.ts";
import { type PairRecord, readManifest } from "../data/manifest.ts";
import { mixBatch } from "../data/mix.ts";
import type { Grid } from "../data/preprocess/grid.ts";
import { type ImageSteps, type LaidImage, prepareImage } from "../data/preprocess/single.ts";
import { type PairSteps, pairSteps } from "../data/preprocess.ts";
import type { Config } from "../regime/config.ts";
import { pairPicture, stepPictures, variantsPicture } from "../report/inspection.ts";
import { configOf } from "./config.ts";
import { boxes, imageSize, positiveInteger } from "./options.ts";
import { createReporter } from "./reporter.ts";

interface InspectOptions {
  boxes?: Box[];
  manifest?: string;
  patient?: string;
  augment?: number;
  out?: string;
  preset: string;
  config?: string;
  imageSize?: [number, number];
}

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("print what image files say, and draw each step of their preprocessing")
    .argument("[files...]", "DICOM or 16-bit PNG")
    .option("--boxes <list>", 'lesions of the one file, "yMin xMin yMax xMax; …" in its pixels', boxes)
    .option("--manifest <file>", "take the pairs of these files, of --patient, or all, with their boxes")
    .option("--patient <name>", "the pairs of one patient of the manifest")
    .option("--augment <n>", "draw so many variants of each pair, as training would", positiveInteger)
    .option("--out <folder>", "where the pictures go; without it there are none")
    .option("--preset <name>", "whose image size, preprocessing and augmentation to show", "default")
    .option("--config <file>", "JSON with any field of a run's config.json")
    .option("--image-size <size>", "side, or height x width, of the network's input", imageSize)
    .action(inspect);
}

function checkOptions(
  files: readonly string[],
  { boxes, manifest, patient, augment, out }: InspectOptions,
): void {
  if (files.length === 0 && !manifest) throw new UserError("inspect: give image files or --manifest");
  if (boxes && (files.length !== 1 || manifest))
    throw new UserError("--boxes: belongs to one file; the boxes of more come from --manifest");
  if (patient && !manifest) throw new UserError("--patient: needs --manifest");
  if (augment && !(manifest && out && (patient || files.length > 0)))
    throw new UserError("--augment: needs --manifest, --patient or files, and --out");
}

async function inspect(files: string[], options: InspectOptions): Promise<void> {
  checkOptions(files, options);
  const config = await configOf(options.preset, options.config, { imageSize: options.imageSize });
  const inspection = new Inspection(config, options.out, createReporter());
  if (options.manifest) await inspectManifest(inspection, files, options, options.manifest);
  else for (const file of files) await inspection.try(() => inspection.file(file, options.boxes ?? []));
  if (inspection.failures > 0) process.exitCode = 1;
}

async function inspectManifest(
  inspection: Inspection,
  files: readonly string[],
  { patient, augment }: InspectOptions,
  path: string,
): Promise<void> {
  const { pairs } = await readManifest(path, []);
  const wanted = new Set(files.map((file) => resolve(file)));
  for (const file of wanted)
    if (!pairs.some(({ ffdm, sm }) => file === ffdm || file === sm))
      throw new UserError(`${file}: is in no row of ${path}`);
  const all = wanted.size === 0 && patient === undefined;
  const chosen = pairs.filter(
    (pair) => all || pair.patient === patient || wanted.has(pair.ffdm) || wanted.has(pair.sm),
  );
  if (chosen.length === 0) throw new UserError(`--patient ${patient}: has no row in ${path}`);
  const seen: { pair: PairRecord; steps: PairSteps }[] = [];
  for (const pair of chosen)
    await inspection.try(async () => {
      const steps = await (all ? inspection.check(pair) : inspection.pair(pair));
      if (augment) seen.push({ pair, steps });
    });
  if (augment) await inspection.variants(seen, augment);
  if (all) inspection.summarise(chosen.length);
}

const sizeOf = ({ height, width }: { height: number; width: number }) => `${height}x${width}`;

class Inspection {
  failures = 0;
  #warned = 0;
  readonly #names = new Map<string, number>();

  constructor(
    private readonly config: Config,
    private readonly out: string | undefined,
    private readonly reporter: Reporter,
  ) {}

  /** Prints a file's error as one line and goes on. */
  async try(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.failures++;
      console.error(`diptych: ${error.message}`);
    }
  }

  /** An image on its own. */
  async file(path: string, marked: readonly Box[]): Promise<void> {
    const image = await this.#readAndDescribe(path);
    const [height, width] = this.config.imageSize;
    const { preprocess } = this.config;
    const { steps, grid, ...laid } = prepareImage({ image, boxes: marked }, path, height, width, preprocess);
    this.#describeSteps("breast", steps);
    this.reporter.note(`  grid: ${describeGrid(grid, image.spacing !== undefined)}`);
    this.#warn(steps.warnings);
    await this.#writeSteps(path, steps, laid, grid, []);
  }

  /** Both images of a pair, and the two on one grid. */
  async pair(record: PairRecord): Promise<PairSteps> {
    const ffdm = await this.#readAndDescribe(record.ffdm);
    const sm = await this.#readAndDescribe(record.sm);
    const steps = this.#prepare(record, ffdm, sm);
    const hasSpacing = ffdm.spacing !== undefined && sm.spacing !== undefined;
    this.reporter.note(`${nameOf(record)}: ${describeGrid(steps.grid, hasSpacing)}`);
    for (const half of ["ffdm", "sm"] as const) {
      this.#describeSteps(half.toUpperCase(), steps.images[half]);
      await this.#writeSteps(record[half], steps.images[half], steps.laid[half], steps.grid, record.classes);
    }
    this.#warn(steps.prepared.warnings ?? []);
    await this.#write(`${nameOf(record)}.pair`, () => pairPicture(steps.prepared, steps.grid));
    return steps;
  }

  /** A pair of a whole manifest: only what is wrong with it. */
  async check(record: PairRecord): Promise<PairSteps> {
    const steps = this.#prepare(record, await readImage(record.ffdm), await readImage(record.sm));
    this.#warn(steps.prepared.warnings ?? []);
    await this.#write(`${nameOf(record)}.pair`, () => pairPicture(steps.prepared, steps.grid));
    return steps;
  }

  /** The pairs as they are, then as they would come in so many epochs if they were one batch. */
  async variants(
    seen: readonly { readonly pair: PairRecord; readonly steps: PairSteps }[],
    count: number,
  ): Promise<void> {
    const { seed, augment, maxBoxes } = this.config;
    const epochs = Array.from({ length: count }, (_, epoch) => {
      const varied = seen.map(({ pair, steps: { prepared, grid } }) => {
        const stream = new RandomStream(seed, `augment/epoch ${epoch}/row ${pair.row}`);
        return augmentPair(prepared, grid.height, grid.width, drawAugmentation(augment, stream));
      });
      return mixBatch(varied, augment.mix, maxBoxes, new RandomStream(seed, `mix/epoch ${epoch}/batch 0`));
    });
    for (const [index, { pair, steps }] of seen.entries()) {
      const variants = [steps.prepared, ...epochs.map((batch) => batch[index])];
      await this.#write(`${nameOf(pair)}.augmented`, () => variantsPicture(variants, steps.grid));
    }
  }

  summarise(pairs: number): void {
    this.reporter.note(`${pairs} pairs: ${this.failures} cannot be used, ${this.#warned} warnings`);
  }

  async #readAndDescribe(path: string): Promise<GrayImage> {
    const image = await readImage(path);
    this.reporter.note(path);
    const spacing = image.spacing ? image.spacing.map((side) => `${side}`).join(" x ") : undefined;
    const facts = [
      ["size", `${sizeOf(image)} pixels (height x width), ${image.bits} bits`],
      ["pixel", spacing ? `${spacing} mm (height x width)` : "spacing unknown"],
      ...dicomFacts(await readFile(path)),
    ];
    for (const [name, text] of facts) this.reporter.note(`  ${name}: ${text}`);
    return image;
  }

  #prepare(record: PairRecord, ffdm: GrayImage, sm: GrayImage): PairSteps {
    const [height, width] = this.config.imageSize;
    return pairSteps(record, ffdm, sm, height, width, this.config.preprocess);
  }

  #describeSteps(name: string, { breast, turn, original }: ImageSteps): void {
    const [top, left, bottom, right] = breast.box;
    const turns = [turn.columns ? "left for right" : "", turn.rows ? "top for bottom" : ""].filter(Boolean);
    const parts = [
      `rows ${top} to ${bottom}, columns ${left} to ${right}${breast.isRegion ? " (a region, kept whole)" : ""}`,
      breast.side ? `chest wall at the ${breast.side}` : "chest wall not in sight",
      breast.air ? `air up to ${breast.air.threshold.toFixed(0)}` : "no air",
      turns.length > 0 ? `mirrored ${turns.join(" and ")}` : "not mirrored",
      original.boxes.length === 1 ? "1 box" : `${original.boxes.length} boxes`,
    ];
    this.reporter.note(`  ${name}: ${parts.join(", ")}`);
  }

  #warn(warnings: readonly string[]): void {
    this.#warned += warnings.length;
    for (const warning of warnings) this.reporter.warn(warning);
  }

  async #writeSteps(
    path: string,
    steps: ImageSteps,
    laid: LaidImage,
    grid: Grid,
    classes: readonly number[],
  ): Promise<void> {
    if (!this.out) return;
    const stem = this.#unique(basename(path, extname(path)));
    for (const { name, png } of stepPictures(steps, laid, grid, classes))
      await writeFileAtomically(join(this.out, `${stem}.${name}.png`), png);
  }

  async #write(name: string, picture: () => Uint8Array): Promise<void> {
    if (this.out) await writeFileAtomically(join(this.out, `${this.#unique(name)}.png`), picture());
  }

  /** Files of one name from two folders must not overwrite each other. */
  #unique(name: string): string {
    const times = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, times);
    return times === 1 ? name : `${name}.${times}`;
  }
}

const nameOf = ({ patient, side, view }: PairRecord): string =>
  [patient, side, view]
    .filter(Boolean)
    .join("_")
    .replaceAll(/[^\w.-]/g, "-");

const describeGrid = (grid: Grid, inMm: boolean): string =>
  `${sizeOf(grid)} pixels of ${grid.spacing.toPrecision(3)} ${inMm ? "mm" : "of the file's pixels"}`;
