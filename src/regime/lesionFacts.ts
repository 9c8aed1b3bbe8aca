// What is known of the lesions of a manifest's images, for subgroups: from the simulated set's lesions.json where there is one,
// and from the manifest itself.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { boxArea } from "../base/boxes.ts";
import { reasonOf, UserError } from "../base/errors.ts";
import type { Manifest, PairRecord } from "../data/manifest.ts";
import type { ImageResult } from "../evaluate/detection.ts";
import type { LesionFacts } from "../evaluate/subgroups.ts";
import type { ListedLesion } from "../phantom/phantomSet.ts";

/** Where numbers are cut into groups, in their unit. */
const cuts = {
  "radius, mm": [3, 4.5],
  "contrast, line integral": [0.1, 0.3],
  "d' in the FFDM": [5, 15],
  "d' in the SM": [5, 15],
  "d' FFDM over SM": [0.8, 1.25],
} as const;

function range(dimension: keyof typeof cuts, value: number | null): Record<string, string> {
  if (value === null || !Number.isFinite(value)) return {};
  const [low, high] = cuts[dimension];
  if (value < low) return { [dimension]: `0 to ${low}` };
  return { [dimension]: value < high ? `${low} to ${high}` : `${high} and more` };
}

function simulatedFacts(lesion: ListedLesion): LesionFacts {
  const { type, pathology, density, radius, contrast, detectability } = lesion;
  const { ffdm, sm } = detectability;
  return {
    type,
    pathology,
    // Sets made before it was listed have none.
    ...(density ? { "density class": density } : {}),
    ...range("radius, mm", radius),
    ...range("contrast, line integral", contrast),
    ...range("d' in the FFDM", ffdm),
    ...range("d' in the SM", sm),
    ...range("d' FFDM over SM", ffdm === null || sm === null ? null : ffdm / sm),
  };
}

const keyOf = ({ patient, side, view }: Pick<PairRecord, "patient" | "side" | "view">): string =>
  [patient, side, view].join("\0");

/** Lesions of the simulated set by view, in the manifest's order; none where the manifest is of another set. */
async function listedLesions({ path }: Manifest): Promise<Map<string, ListedLesion[]>> {
  const file = join(dirname(path), "lesions.json");
  const byView = new Map<string, ListedLesion[]>();
  if (!existsSync(file)) return byView;
  try {
    for (const lesion of JSON.parse(await readFile(file, "utf8")) as ListedLesion[])
      byView.set(keyOf(lesion), [...(byView.get(keyOf(lesion)) ?? []), lesion]);
  } catch (error) {
    throw new UserError(`${file}: cannot be read (${reasonOf(error)})`);
  }
  return byView;
}

/** A range of the box's side on the network's input, in pixels. */
function boxSide(area: number): string {
  const side = Math.sqrt(area);
  if (side < 16) return "0 to 16";
  return side < 32 ? "16 to 32" : "32 and more";
}

/**
 * Facts of every lesion that results have, image by image. Where preparation has dropped one of an image's lesions, which ones
 * are left is not known, and only what the image and the boxes say is told.
 * @param results of the pairs, in their order.
 */
export async function lesionFacts(
  manifest: Manifest,
  pairs: readonly PairRecord[],
  results: readonly ImageResult[],
): Promise<LesionFacts[][]> {
  const listed = await listedLesions(manifest);
  return pairs.map((pair, index) => {
    const { annotations } = results[index];
    const known = listed.get(keyOf(pair)) ?? [];
    return annotations.map(({ box, label }, lesion) => ({
      label: manifest.classes[label - 1],
      ...(known.length === annotations.length ? simulatedFacts(known[lesion]) : {}),
      ...(pair.view ? { view: pair.view } : {}),
      "box side, input pixels": boxSide(boxArea(box)),
    }));
  });
}
