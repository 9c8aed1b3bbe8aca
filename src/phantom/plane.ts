/** A picture on the detector or of a slice, row-major; sides of its pixels in mm. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly rowSpacing: number;
  readonly columnSpacing: number;
  readonly data: Float32Array;
}

/** A picture of square pixels. */
export const planeOf = (rows: number, columns: number, spacing: number, data: Float32Array): Plane => ({
  rows,
  columns,
  rowSpacing: spacing,
  columnSpacing: spacing,
  data,
});
