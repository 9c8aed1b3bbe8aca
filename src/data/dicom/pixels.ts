// The stored values of one frame: cut out of native pixel data, or decoded.
import { codecs } from "./codecs.ts";
import type { StoredFormat } from "./intensity.ts";

export interface PixelLayout extends StoredFormat {
  readonly width: number;
  readonly height: number;
  /** Allocated for a sample. */
  readonly bytes: 1 | 2;
  readonly frames: number;
}

const littleEndian = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"];

/** Transfer syntaxes that can be read. */
export const readableSyntaxes: readonly string[] = [...littleEndian, ...Object.keys(codecs)];

/**
 * @param chunks the value of the pixel data: one array of all frames, or the compressed frames or their fragments.
 * @param frame from 0.
 * @returns bit patterns, [height, width].
 * @throws Error when pixels are missing or the codec finds damage.
 */
export async function readFrame(
  chunks: readonly Uint8Array[],
  syntax: string,
  layout: PixelLayout,
  frame: number,
): Promise<Uint16Array> {
  const { width, height, bytes, frames } = layout;
  const length = width * height * bytes;
  const codec = codecs[syntax];
  if (codec) return toPatterns(await codec(compressedFrame(chunks, frames, frame), layout), bytes);
  const [all = new Uint8Array()] = chunks;
  // An odd number of bytes is filled up with one.
  if (all.length < frames * length || all.length > frames * length + 1)
    throw new Error(
      `has ${all.length} bytes of pixel data (7FE0,0010): must be ${frames * length} for ${frames > 1 ? `${frames} frames of ` : ""}${height}x${width} pixels`,
    );
  return toPatterns(all.subarray(frame * length, (frame + 1) * length), bytes);
}

/** A frame is a chunk, unless there is one frame alone, whose fragments then belong together. */
function compressedFrame(chunks: readonly Uint8Array[], frames: number, frame: number): Uint8Array {
  if (frames === 1) return chunks.length === 1 ? chunks[0] : new Uint8Array(Buffer.concat(chunks));
  if (chunks.length !== frames)
    throw new Error(`has ${chunks.length} compressed frames, ${frames} are announced`);
  return chunks[frame];
}

function toPatterns(samples: Uint8Array, bytes: 1 | 2): Uint16Array {
  if (bytes === 1) return Uint16Array.from(samples);
  const patterns = new Uint16Array(samples.length >> 1);
  for (let i = 0; i < patterns.length; i++) patterns[i] = samples[2 * i] | (samples[2 * i + 1] << 8);
  return patterns;
}
