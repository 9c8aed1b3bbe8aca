import { decode, hasPngSignature } from "fast-png";
import { reasonOf, UserError } from "../base/errors.ts";
import type { GrayImage } from "./grayImage.ts";

export const isPng = (bytes: Uint8Array): boolean => hasPngSignature(bytes);

const colourTypes: Readonly<Record<number, string>> = {
  0: "greyscale",
  2: "RGB colour",
  3: "palette colour",
  4: "greyscale with alpha",
  6: "RGB colour with alpha",
};

/**
 * A 16-bit greyscale PNG, with its spacing where a pHYs chunk gives it in metres.
 * @param file names the source in messages.
 * @throws UserError when the PNG is of another kind, damaged or cut short.
 */
export function decodePng(bytes: Uint8Array, file: string): GrayImage {
  checkHeader(bytes, file);
  const png = decodeChunks(bytes, file);
  const perMetre = png.resolution?.unit === 1 ? png.resolution : undefined;
  return {
    width: png.width,
    height: png.height,
    bits: 16,
    data: png.data as Uint16Array,
    ...(perMetre && perMetre.x > 0 && perMetre.y > 0
      ? { spacing: [1000 / perMetre.y, 1000 / perMetre.x] as const }
      : {}),
  };
}

/** Reads the IHDR chunk, which the format puts first, so that a wrong kind is refused before it is decoded. */
function checkHeader(bytes: Uint8Array, file: string): void {
  if (bytes.length < 33) throw new UserError(`${file}: not a readable PNG: cut short in its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colourType] = [view.getUint8(24), view.getUint8(25)];
  if (depth !== 16 || colourType !== 0) {
    const kind = colourTypes[colourType] ?? `colour type ${colourType}`;
    throw new UserError(`${file}: is a ${depth}-bit ${kind} PNG: must be 16-bit greyscale`);
  }
  if (width < 1 || height < 1 || width > 65_535 || height > 65_535)
    throw new UserError(`${file}: is ${height}x${width} pixels: each side must be 1 to 65535`);
}

function decodeChunks(bytes: Uint8Array, file: string) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new UserError(`${file}: not a readable PNG: ${reasonOf(error)}`);
  }
}
