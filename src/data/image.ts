// Mammograms on disk: 16-bit greyscale PNG or uncompressed DICOM, told apart by content.
import { readFile } from "node:fs/promises";
import { reasonOf, UserError } from "../base/errors.ts";
import { decodeDicom, isDicom } from "./dicom.ts";
import type { GrayImage } from "./grayImage.ts";
import { decodePng, isPng } from "./png.ts";

/** @throws UserError naming the file when it is missing, of another kind, damaged or cut short. */
export async function readImage(path: string): Promise<GrayImage> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === "ENOENT" ? "no such file" : reasonOf(error)}`);
  });
  if (isPng(bytes)) return decodePng(bytes, path);
  if (isDicom(bytes)) return decodeDicom(bytes, path);
  throw new UserError(`${path}: neither a PNG nor a DICOM file`);
}
