/** A single-channel image in which larger values are brighter on screen. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** Significant bits a pixel, at most 16. */
  readonly bits: number;
  /** Row-major, height × width. */
  readonly data: Uint16Array;
  /** Distance between the centres of neighbouring rows and of neighbouring columns. */
  readonly spacing?: readonly [rowMm: number, columnMm: number];
}
