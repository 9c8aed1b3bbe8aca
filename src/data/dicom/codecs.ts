// The compressed transfer syntaxes of DICOM, each by a library that is loaded when a file first needs it.
import { createRequire } from "node:module";
import { decodeRle } from "./rle.ts";

/** What a frame is expected to hold. */
export interface FrameFormat {
  readonly width: number;
  readonly height: number;
  /** Of a sample in the decoded frame: 1 or 2, little-endian. */
  readonly bytes: 1 | 2;
}

/** One sample a pixel, as the file stores them. @throws Error when the stream is damaged or of another size. */
export type Codec = (frame: Uint8Array, format: FrameFormat) => Promise<Uint8Array>;

/** Packages that are CommonJS, or choose their WebAssembly by the path that they are required from. */
const require = createRequire(import.meta.url);

/** The decoders that Emscripten wraps around CharLS and OpenJPEG. */
interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}
type WasmModule = Readonly<Record<string, new () => WasmDecoder>>;
type WasmFactory = (options: { print?: () => void; printErr?: () => void }) => Promise<WasmModule>;

/** A codec of a WebAssembly module, which is made anew after it has aborted. */
function wasmCodec(path: string, decoderName: string): Codec {
  let loaded: Promise<WasmModule> | undefined;
  const quiet = { print: () => {}, printErr: () => {} };
  return async (frame, format) => {
    loaded ??= (require(path) as WasmFactory)(quiet);
    const decoder = new (await loaded)[decoderName]();
    try {
      decoder.getEncodedBuffer(frame.length).set(frame);
      decoder.decode();
      const { width, height, componentCount, bitsPerSample } = decoder.getFrameInfo();
      checkSize({ width, height, components: componentCount }, format);
      return fitBytes(decoder.getDecodedBuffer().slice(), bitsPerSample > 8 ? 2 : 1, format);
    } catch (error) {
      // Its memory may be in any state.
      loaded = undefined;
      throw error;
    } finally {
      if (loaded) decoder.delete();
    }
  };
}

interface StreamSize {
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

function checkSize({ width, height, components }: StreamSize, format: FrameFormat): void {
  if (components !== 1) throw new Error(`the compressed image has ${components} components, not 1`);
  if (width !== format.width || height !== format.height)
    throw new Error(
      `the compressed image is ${height}x${width}, the header says ${format.height}x${format.width}`,
    );
}

/** Samples of one byte where two are wanted, or the other way round. */
function fitBytes(samples: Uint8Array, given: 1 | 2, { width, height, bytes }: FrameFormat): Uint8Array {
  if (samples.length < width * height * given) throw new Error("the compressed image is cut short");
  if (given === bytes) return samples;
  const out = new Uint8Array(width * height * bytes);
  for (let i = 0; i < width * height; i++) out[i * bytes] = samples[i * given];
  return out;
}

const startOfFrame = [0xc0, 0xc1, 0xc2, 0xc3, 0xf7];

/**
 * The size that a JPEG or JPEG-LS stream's frame header tells, before anything is allocated by it.
 * @throws Error when there is none.
 */
function jpegSize(stream: Uint8Array): StreamSize {
  for (let at = 2; at + 9 < stream.length; ) {
    if (stream[at] !== 0xff) break;
    const marker = stream[at + 1];
    if (startOfFrame.includes(marker))
      return {
        height: (stream[at + 5] << 8) | stream[at + 6],
        width: (stream[at + 7] << 8) | stream[at + 8],
        components: stream[at + 9],
      };
    at += 2 + ((stream[at + 2] << 8) | stream[at + 3]);
  }
  throw new Error("no JPEG frame header");
}

/** The size in a JPEG 2000 codestream's SIZ segment (ISO 15444-1, A.5.1), in a JP2 file or by itself. */
function jpeg2000Size(stream: Uint8Array): StreamSize {
  const at = stream.findIndex((byte, i) => byte === 0xff && stream[i + 1] === 0x4f && stream[i + 3] === 0x51);
  if (at < 0 || at + 44 > stream.length) throw new Error("no JPEG 2000 codestream");
  const view = new DataView(stream.buffer, stream.byteOffset + at, stream.byteLength - at);
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    components: view.getUint16(40),
  };
}

/** Refuses a stream of another size before the codec allocates what it claims. */
const checked =
  (sizeOf: (stream: Uint8Array) => StreamSize, codec: Codec): Codec =>
  async (frame, format) => {
    checkSize(sizeOf(frame), format);
    return codec(frame, format);
  };

interface SequentialJpeg {
  parse(stream: Uint8Array): void;
  getData16(width: number, height: number): Uint16Array;
}

/** Baseline and extended sequential JPEG, of 8 and 12 bits. */
const sequentialJpeg: Codec = async (frame, format) => {
  const { JpegImage } = require("daikon/lib/jpeg-baseline.js") as { JpegImage: new () => SequentialJpeg };
  const image = new JpegImage();
  // Fill bytes before a marker (ISO 10918-1, B.1.1.2), which this parser does not know.
  image.parse(frame.filter((byte, i) => byte !== 0xff || frame[i + 1] !== 0xff));
  const { buffer, byteOffset, byteLength } = image.getData16(format.width, format.height);
  return fitBytes(new Uint8Array(buffer, byteOffset, byteLength), 2, format);
};

const losslessJpeg: Codec = async (frame, format) => {
  const { Decoder } = await import("jpeg-lossless-decoder-js");
  const { buffer, byteOffset, byteLength } = new Decoder().decode(frame.slice().buffer, 0, frame.length, 2);
  return fitBytes(new Uint8Array(buffer, byteOffset, byteLength), 2, format);
};

const rle: Codec = async (frame, { width, height, bytes }) => decodeRle(frame, width * height, bytes);

const jpegLs = checked(jpegSize, wasmCodec("@cornerstonejs/codec-charls/decodewasmjs", "JpegLSDecoder"));
const jpeg2000 = checked(jpeg2000Size, wasmCodec("@cornerstonejs/codec-openjpeg/decodewasmjs", "J2KDecoder"));

/** By transfer syntax (PS3.6 annex A). */
export const codecs: Readonly<Record<string, Codec>> = {
  "1.2.840.10008.1.2.4.50": checked(jpegSize, sequentialJpeg),
  "1.2.840.10008.1.2.4.51": checked(jpegSize, sequentialJpeg),
  "1.2.840.10008.1.2.4.57": checked(jpegSize, losslessJpeg),
  "1.2.840.10008.1.2.4.70": checked(jpegSize, losslessJpeg),
  "1.2.840.10008.1.2.4.80": jpegLs,
  "1.2.840.10008.1.2.4.81": jpegLs,
  "1.2.840.10008.1.2.4.90": jpeg2000,
  "1.2.840.10008.1.2.4.91": jpeg2000,
  "1.2.840.10008.1.2.5": rle,
};
