// Writes DICOM files with the attributes that their kind's modules require. Nothing depends on the clock: the same
// images and tags give the same bytes.
import { type DataSet, data } from "dcmjs";
import { writeFileAtomically } from "../../base/files.ts";
import type { GrayImage } from "../grayImage.ts";
import { explicitLittleEndian } from "./dicom.ts";
import { mammogramAttributes } from "./mammogram.ts";
import { type DicomTags, uidFrom } from "./terms.ts";
import { tomosynthesisAttributes } from "./tomosynthesis.ts";

/**
 * The bytes of an explicit little-endian DICOM file: MONOCHROME2, `bits` stored in 16 allocated. An FFDM becomes a
 * Digital Mammography X-Ray Image, a synthetic mammogram and a volume a Breast Tomosynthesis Image.
 * @param image one picture, or the slices of a volume, of one size, spacing and number of bits.
 * @throws RangeError when a pixel needs more bits.
 */
export function encodeDicom(image: GrayImage | readonly GrayImage[], tags: DicomTags): Uint8Array {
  const frames = [image].flat();
  for (const { data: pixels, bits } of frames)
    if (pixels.some((value) => value >= 2 ** bits))
      throw new RangeError(`a pixel needs more than the image's ${bits} bits`);
  const { kind } = tags;
  const attributes =
    kind === "ffdm"
      ? mammogramAttributes(frames[0], tags)
      : tomosynthesisAttributes(frames, { ...tags, kind });
  const elements = data.DicomMetaDictionary.denaturalizeDataset({
    ...attributes,
    PixelData: [joined(frames).buffer],
    _vrMap: { PixelData: "OW" },
  });
  return dicomFile(attributes.SOPClassUID, attributes.SOPInstanceUID, elements);
}

/** The bytes of an explicit little-endian file of an object: its elements behind the meta information. */
export function dicomFile(sopClass: string, sopInstance: string, elements: DataSet): Uint8Array {
  const file = new data.DicomDict(
    data.DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: [new Uint8Array([0, 1]).buffer],
      MediaStorageSOPClassUID: sopClass,
      MediaStorageSOPInstanceUID: sopInstance,
      TransferSyntaxUID: explicitLittleEndian,
      ImplementationClassUID: uidFrom("diptych"),
      ImplementationVersionName: "DIPTYCH",
    }),
  );
  file.dict = elements;
  return new Uint8Array(file.write());
}

function joined(frames: readonly GrayImage[]): Uint16Array {
  const length = frames[0].data.length;
  const pixels = new Uint16Array(frames.length * length);
  for (const [index, frame] of frames.entries()) pixels.set(frame.data, index * length);
  return pixels;
}

/** Encodes and writes atomically. @throws UserError naming the file when it cannot be written. */
export async function writeDicomImage(
  path: string,
  image: GrayImage | readonly GrayImage[],
  tags: DicomTags,
): Promise<void> {
  await writeFileAtomically(path, encodeDicom(image, tags));
}
