// fft.js ships no types; these cover what is used of it. Complex arrays interleave real and imaginary parts.
declare module "fft.js" {
  export default class FFT {
    /** @param size a power of two, at least 2. */
    constructor(size: number);
    transform(out: Float64Array, data: Float64Array): void;
  }
}
