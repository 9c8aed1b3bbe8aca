// Pictures of a run's test pairs: what a model hits, misses and sees where nothing is, and what a student has learned of its
// teacher's features.
import type { Box, Detection } from "../base/boxes.ts";
import type { Batch } from "../data/batch.ts";
import type { PairRecord } from "../data/manifest.ts";
import {
  drawBox,
  encodePicture,
  enlarge,
  grayPicture,
  type Picture,
  palette,
  tile,
} from "../data/picture.ts";
import { type ImageResult, type MatchRule, matchRule } from "../evaluate/detection.ts";
import { frocCurve, lesionScores, thresholdAt } from "../evaluate/froc.ts";
import type { FeatureMap } from "../evaluate/similarity.ts";
import { loadModule } from "../train/checkpoint.ts";
import type { TrainedContext } from "./evaluation.ts";
import { batchShape } from "./loaders.ts";
import { PyramidProbe } from "./probe.ts";

export interface Illustration {
  readonly png: Uint8Array;
  readonly caption: string;
}

/** False positives per image at which detections are drawn. */
const rate = 1;
/** Pictures of a kind, and detections drawn on each. */
const [most, mostBoxes] = [6, 5];
const [truthColour, foundColour] = [palette[2], palette[0]];
/** Standardised intensities that are shown black and white. */
const shown: [number, number] = [-3, 4];
const panelSide = 256;

interface Chosen {
  readonly index: number;
  readonly caption: string;
  readonly detections: readonly Detection[];
}

const firstOfImages = (found: readonly (Chosen & { readonly order: number })[]): Chosen[] => {
  const seen = new Set<number>();
  return found
    .toSorted((a, b) => b.order - a.order)
    .filter(({ index }) => !seen.has(index) && seen.add(index))
    .slice(0, most);
};

/** The clearest of each kind, an image once. */
function choose(
  results: readonly ImageResult[],
  pairs: readonly PairRecord[],
  classes: readonly string[],
  rule: MatchRule,
) {
  const threshold = thresholdAt(frocCurve(results, rule), rate);
  const name = (index: number) => `${pairs[index].patient} ${pairs[index].side} ${pairs[index].view}`;
  const above = ({ detections }: ImageResult) =>
    detections
      .filter(({ score }) => score >= threshold)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, mostBoxes);
  const lesions = results.flatMap((result, index) =>
    lesionScores(result, rule).map((score, lesion) => ({
      index,
      score,
      label: classes[result.annotations[lesion].label - 1],
      detections: above(result),
    })),
  );
  const hits = lesions.filter(({ score }) => score >= threshold);
  const misses = lesions.filter(({ score }) => score < threshold);
  const alarms = results.flatMap((result, index) =>
    above(result)
      .filter((detection) =>
        result.annotations.every(
          (annotation) => rule.fit(detection, annotation) === Number.NEGATIVE_INFINITY,
        ),
      )
      .map((detection) => ({
        index,
        score: detection.score,
        label: classes[detection.label - 1],
        detections: above(result),
      })),
  );
  const told = (kind: string, own: typeof lesions, order: (score: number) => number) =>
    firstOfImages(
      own.map(({ index, score, label, detections }) => ({
        index,
        detections,
        order: order(score),
        caption: `${name(index)}: ${label} ${kind}${Number.isFinite(score) ? `, score ${score.toFixed(2)}` : ""}`,
      })),
    );
  return {
    "Hits, the surest first": told("found", hits, (score) => score),
    "Misses, those least suspected first": told("missed", misses, (score) => -score),
    "False alarms, the surest first": told("seen where none is", alarms, (score) => score),
  };
}

/** Both images of a pair side by side: the lesions as annotated, and what the model says on the image that it sees. */
function pairPicture(
  batch: Batch,
  slot: number,
  { detections }: Chosen,
  height: number,
  width: number,
  maxBoxes: number,
): Picture {
  const factor = Math.max(1, Math.floor(panelSide / Math.max(height, width)));
  const panel = (half: "ffdm" | "sm", found: readonly Box[]) => {
    const data = batch[half].subarray(slot * height * width, (slot + 1) * height * width);
    const picture = enlarge(grayPicture({ height, width, data }, shown), factor);
    const draw = (box: Box, colour: typeof truthColour, thickness: number) => {
      const [yMin, xMin, yMax, xMax] = box.map((edge) => edge * factor);
      drawBox(picture, [yMin, xMin, yMax, xMax], colour, thickness);
    };
    for (let row = slot * maxBoxes; row < (slot + 1) * maxBoxes; row++) {
      if (batch.classes[row] < 0) continue;
      const [yMin, xMin, yMax, xMax] = batch[`${half}Boxes`].subarray(4 * row, 4 * row + 4);
      draw([yMin, xMin, yMax, xMax], truthColour, 2);
    }
    for (const box of found) draw(box, foundColour, 1);
    return picture;
  };
  const boxes = detections.map(({ box }) => box);
  return tile([[panel("ffdm", []), panel("sm", boxes)]], 4);
}

/** Calls `use` with every chosen pair's batch and slot, each pair read once. */
async function withPairs(
  { loaders }: TrainedContext,
  pairs: readonly PairRecord[],
  use: (batch: Batch, slot: number, index: number) => void,
): Promise<void> {
  if (pairs.length === 0) return;
  const loader = loaders.inOrder(pairs);
  try {
    for await (const batch of loader.batches(0))
      batch.indices.forEach((index, slot) => {
        use(batch, slot, index);
      });
  } finally {
    await loader.close();
  }
}

/** By kind: a model's hits, misses and false alarms. @param results of the test pairs, in their order. */
export async function illustrateDetections(
  context: TrainedContext,
  results: readonly ImageResult[],
): Promise<Record<string, Illustration[]>> {
  const { folder, loaders } = context;
  const { height, width, maxBoxes } = batchShape(folder.config);
  const pairs = loaders.pairs("test");
  const chosen = choose(results, pairs, folder.classes, matchRule(folder.config.evaluation.rule));
  const illustrated: Record<string, Illustration[]> = {};
  for (const [kind, own] of Object.entries(chosen)) {
    const pictures: Illustration[] = [];
    await withPairs(
      context,
      own.map(({ index }) => pairs[index]),
      (batch, slot, index) => {
        const png = encodePicture(pairPicture(batch, slot, own[index], height, width, maxBoxes));
        pictures.push({ png, caption: own[index].caption });
      },
    );
    if (pictures.length > 0) illustrated[kind] = pictures;
  }
  return illustrated;
}

/** The length of the channels' vector at every place of one image of a map. */
function lengths({ shape, data }: FeatureMap, image: number, other?: FeatureMap): Float32Array {
  const [, channels, height, width] = shape;
  const pixels = height * width;
  const squares = new Float32Array(pixels);
  for (let channel = 0; channel < channels; channel++) {
    const start = (image * channels + channel) * pixels;
    for (let at = 0; at < pixels; at++)
      squares[at] += (data[start + at] - (other?.data[start + at] ?? 0)) ** 2;
  }
  return squares.map(Math.sqrt);
}

function mapPicture(teacher: FeatureMap, student: FeatureMap, image: number): Picture {
  const [, , height, width] = teacher.shape;
  const maps = [lengths(teacher, image), lengths(student, image), lengths(teacher, image, student)];
  const high = maps.flatMap((map) => [...map]).reduce((largest, value) => Math.max(largest, value), 0);
  const factor = Math.max(1, Math.floor(192 / Math.max(height, width)));
  return tile([maps.map((data) => enlarge(grayPicture({ height, width, data }, [0, high]), factor))], 4);
}

/** The features of the run's first student beside its teacher's, on the first test pairs with lesions. */
export async function illustrateDistillation(context: TrainedContext): Promise<Illustration[]> {
  const { engine, folder, modules, loaders } = context;
  const [entry] = Object.entries(folder.config.students);
  if (!entry) return [];
  const [name, { teacher = "module_c" }] = entry;
  for (const module of [name, teacher])
    await loadModule(engine, modules[module].set, folder.checkpoint(module));
  const shape = batchShape(folder.config);
  const pairs = loaders.pairs("test").filter(({ classes }) => classes.length > 0);
  const loader = loaders.inOrder(pairs.slice(0, shape.batch));
  const probe = await PyramidProbe.create(engine, [modules[name], modules[teacher]], shape, false);
  const pictures: Illustration[] = [];
  try {
    for await (const batch of loader.batches(0)) {
      const pyramids = await probe.pyramids(batch);
      for (const index of batch.indices.slice(0, 2))
        for (const [level, map] of Object.entries(pyramids[teacher]))
          pictures.push({
            png: encodePicture(mapPicture(map, pyramids[name][level], index)),
            caption: `${pairs[index].patient} ${pairs[index].view}, ${level}: ${teacher}, ${name}, difference`,
          });
    }
  } finally {
    probe.release();
    await loader.close();
  }
  return pictures;
}
