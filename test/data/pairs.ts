// Small pairs on disk.
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Box } from "../../src/base/boxes.ts";
import { RandomStream } from "../../src/base/random.ts";
import { writeDicomImage } from "../../src/data/dicom/writer.ts";
import type { GrayImage } from "../../src/data/grayImage.ts";
import type { PairRecord } from "../../src/data/manifest.ts";
import { temporaryFolder } from "./folder.ts";

/** Noise, so that no two images are alike. */
export function imageOf(name: string, rows: number, columns: number): GrayImage {
  const stream = new RandomStream(1, name);
  const data = Uint16Array.from({ length: rows * columns }, (_, index) => 16_384 * stream.uniformAt(index));
  return { height: rows, width: columns, bits: 14, data };
}

/** Pairs of an FFDM of 40x60 and an SM of 20x30; pair i has i modulo 3 lesions. */
export async function writePairs(t: TestContext, count: number): Promise<PairRecord[]> {
  const folder = await temporaryFolder(t);
  const pairs: PairRecord[] = [];
  for (let index = 0; index < count; index++) {
    const patient = `P${index}`;
    const [ffdm, sm] = [join(folder, `${patient}-ffdm.dcm`), join(folder, `${patient}-sm.dcm`)];
    const tags = { patient, side: "L", view: "CC", seriesDescription: "", uidSource: "test" } as const;
    await writeDicomImage(ffdm, imageOf(`${patient} ffdm`, 40, 60), { ...tags, kind: "ffdm" });
    await writeDicomImage(sm, imageOf(`${index}`, 20, 30), { ...tags, kind: "sm" });
    const smBoxes = [...Array(index % 3).keys()].map((lesion): Box => [4 + lesion, 6, 12, 18 + lesion]);
    const ffdmBoxes = smBoxes.map((box) => box.map((edge) => 2 * edge) as unknown as Box);
    const classes = smBoxes.map((_, lesion) => lesion + 1);
    pairs.push({
      row: index + 2,
      patient,
      side: "L",
      view: "CC",
      ffdm,
      sm,
      ffdmBoxes,
      smBoxes,
      classes,
      split: "train",
    });
  }
  return pairs;
}
