// Mammograms on disk: 16-bit greyscale PNG or DICOM, told apart by content.
import { readFile } from "node:fs/promises";
import { reasonOf, UserError } from "../base/errors.ts";
import { decodeDicom, isDicom } from "./dicom/dicom.ts";
import type { GrayImage } from "./grayImage.ts";
import { decodePng, isPng } from "./png.ts";

/** A path and, behind "#", the number of a frame. */
const parseSource = (source: string) => /^(.*?)(?:#(\d+))?$/.exec(source) as RegExpExecArray;

/** The file that a source of `readImage` lies in. */
export function pathOf(source: string): string {
  return parseSource(source)[1];
}

/** The number of the frame that a source names, from 1; undefined: none. */
export function frameOf(source: string): number | undefined {
  const [, , frame] = parseSource(source);
  return frame === undefined ? undefined : Number(frame);
}

/**
 * @param source a path; of a DICOM file with several frames followed by "#" and the number of one, from 1.
 * @throws UserError naming the file when it is missing, of another kind, damaged or cut short.
 */
export async function readImage(source: string): Promise<GrayImage> {
  const path = pathOf(source);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such file" : reasonOf(error)}`);
  });
  if (isPng(bytes)) return decodePng(bytes, path);
  if (isDicom(bytes)) return decodeDicom(bytes, path, frameOf(source));
  throw new UserError(`${path}: neither a PNG nor a DICOM file`);
}
