// T-SYNTH (Wiedeman et al., 2025; FDA): simulated breasts as mammogram and C-View, raw floats beside MetaImage headers. They are
// rewritten as DICOM, since floats are not what a detector or a hospital stores.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Box } from "../../base/boxes.ts";
import { UserError } from "../../base/errors.ts";
import { writeDicomImage } from "../dicom/writer.ts";
import type { GrayImage } from "../grayImage.ts";
import type { ImportedRow, Importer } from "./imported.ts";
import { filesBelow } from "./tables.ts";

/** Side of the detector's pixel, mm; the set is a replica of Siemens' system. */
const pixel = 0.085;
/** Side of the box that the set's authors use for a lesion of a radius in mm, pixels. */
const boxSides: Readonly<Record<string, number>> = { "5.0": 110, "7.0": 150, "9.0": 195 };
const bits = 14;

/** .../device_data_VICTREPhantoms_spic_1.06/…/fatty/2/5.0/SIM/D2_5.0_fatty.17/17/reconstruction17.raw */
const layout =
  /spic_([\d.]+)[\\/](?:[\d.e]+[\\/])?(\w+)[\\/]2[\\/]([\d.]+)[\\/]SIM[\\/][^\\/]+[\\/](\d+)[\\/]/;

async function dimensionsOf(header: string): Promise<number[]> {
  const text = await readFile(header, "utf8").catch(() => {
    throw new UserError(`${header}: no such file, which says the image's size`);
  });
  const sizes = /^DimSize\s*=\s*([\d ]+)/m.exec(text)?.[1].trim().split(/\s+/).map(Number) ?? [];
  if (sizes.length < 2 || !sizes.every((size) => size > 0))
    throw new UserError(`${header}: DimSize: must be two sizes or more`);
  return sizes;
}

/** The first plane of 32-bit floats, row by row. */
async function floatsOf(file: string, count: number): Promise<Float32Array> {
  const bytes = await readFile(file);
  if (bytes.length < 4 * count)
    throw new UserError(`${file}: has ${bytes.length} bytes, its header asks for ${4 * count}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * count));
}

function stored(values: Float32Array, height: number, width: number): GrayImage {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const scale = high > low ? (2 ** bits - 1) / (high - low) : 0;
  return {
    height,
    width,
    bits,
    data: Uint16Array.from(values, (value) => Math.round((value - low) * scale)),
    spacing: [pixel, pixel],
  };
}

/** A C-View is as it should be. */
async function cView(file: string): Promise<GrayImage> {
  const [height, width] = await dimensionsOf(file.replace(/\.raw$/, ".mhd"));
  return stored(await floatsOf(file, height * width), height, width);
}

/** A mammogram lies on its side, in energy behind the breast: turned clockwise, and its logarithm inverted. */
async function mammogram(file: string): Promise<GrayImage> {
  const [width, height] = await dimensionsOf(file.replace(/\.raw$/, ".mhd"));
  const lying = await floatsOf(file, height * width);
  const turned = new Float32Array(lying.length);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      turned[column * height + (height - 1 - row)] = -Math.log(Math.max(lying[row * width + column], 1e-6));
  return stored(turned, width, height);
}

/** Where a .loc file has the lesion's middle: x, y, slice in its first line, y from below. */
async function boxIn(file: string, { height, width }: GrayImage, side: number): Promise<Box | undefined> {
  const loc = file.replace(/\.raw$/, ".loc");
  if (!existsSync(loc)) return undefined;
  const [x, fromBelow] = (await readFile(loc, "utf8")).trim().split(/\s+/).map(Number);
  if (!Number.isFinite(x) || !Number.isFinite(fromBelow))
    throw new UserError(`${loc}: must begin with two numbers`);
  const y = height - fromBelow;
  const clip = (value: number, end: number) => Math.min(Math.max(value, 0), end);
  return [
    clip(y - side / 2, height),
    clip(x - side / 2, width),
    clip(y + side / 2, height),
    clip(x + side / 2, width),
  ];
}

export const tsynth: Importer = {
  title: "T-SYNTH: simulated mammograms and C-Views (device_data_VICTREPhantoms_spic_*/), rewritten as DICOM",
  async read(folder, problems, made) {
    const views = await filesBelow(folder, /[\\/]reconstruction\d+\.raw$/);
    if (views.length === 0) throw new UserError(`${folder}: has no reconstruction<number>.raw below it`);
    const mammograms = new Map<string, string>();
    for (const file of await filesBelow(folder, /[\\/]projection_DM\d+\.raw$/)) {
      const facts = layout.exec(file);
      if (facts) mammograms.set(facts.slice(1).join("/"), file);
    }
    const rows: ImportedRow[] = [];
    for (const file of views) {
      const facts = layout.exec(file);
      const other = facts && mammograms.get(facts.slice(1).join("/"));
      if (!facts || !other) {
        problems.add(
          facts
            ? "C-Views without their mammogram, left out"
            : "C-Views in a folder of no known layout, left out",
          file,
        );
        continue;
      }
      rows.push(await convert(file, other, facts, made));
    }
    return rows;
  },
};

async function convert(
  view: string,
  other: string,
  [, ratio, density, radius, number]: RegExpExecArray,
  made: string,
): Promise<ImportedRow> {
  const side = boxSides[radius];
  if (!side)
    throw new UserError(
      `${dirname(view)}: radius ${radius}: must be one of ${Object.keys(boxSides).join(", ")}`,
    );
  const [ffdm, sm] = [await mammogram(other), await cView(view)];
  const [ffdmBox, smBox] = [await boxIn(other, ffdm, side), await boxIn(view, sm, side)];
  const patient = `${density}-${radius}-${ratio}-${number}`;
  const target = (kind: string) => join(made, `${patient}_${kind}.dcm`);
  const tags = {
    patient,
    side: "L",
    view: "CC",
    seriesDescription: `T-SYNTH ${basename(view)}`,
    uidSource: patient,
  } as const;
  await writeDicomImage(target("ffdm"), ffdm, { ...tags, kind: "ffdm" });
  await writeDicomImage(target("sm"), sm, { ...tags, kind: "sm" });
  const both = ffdmBox && smBox;
  return {
    // The same anatomy may come with several lesions: its number, not its cohort, is the patient.
    patient: `${density}-${number}`,
    side: "L",
    view: "CC",
    ffdm: target("ffdm"),
    sm: target("sm"),
    ffdmBoxes: both ? [ffdmBox] : [],
    smBoxes: both ? [smBox] : [],
    labels: both ? ["mass"] : [],
    density,
  };
}
