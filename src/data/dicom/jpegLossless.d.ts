// The part of jpeg-lossless-decoder-js that is used here; the package's own types do not resolve.
declare module "jpeg-lossless-decoder-js" {
  export class Decoder {
    decode(buffer: ArrayBufferLike, offset: number, length: number, bytesPerSample: number): Uint16Array;
  }
}
