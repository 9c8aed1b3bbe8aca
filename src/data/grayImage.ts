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
  readonly laterality?: "L" | "R";
  /** CC, MLO, …, as the file has it. */
  readonly view?: string;
  /** PatientOrientation: where in the patient a row leads from left to right, and a column from top to bottom. */
  readonly orientation?: readonly [rows: string, columns: string];
  /** The value of pixels that no detector element has seen. */
  readonly padding?: number;
}
