// The grids of the simulation. Lengths are in mm: x from the chest wall to the nipple (columns), y along the tube's
// travel (rows), z upwards from the middle of the compressed breast (slices). y = 0 is the upper edge of the image.

/** Attenuation in 1/mm on voxels, row-major as [slice][row][column]. */
export interface Volume {
  readonly slices: number;
  /** Rows with the margins that oblique rays need on both sides of the image. */
  readonly rows: number;
  readonly columns: number;
  /** The image row that is row 0 here; negative, as the margin lies before the image. */
  readonly firstRow: number;
  /** In-plane side of a voxel. */
  readonly spacing: number;
  readonly sliceThickness: number;
  readonly data: Float32Array;
}

/** A picture on the detector or of a slice, row-major. Row r is centred at y = (firstRow + r + 0.5)·rowSpacing. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly firstRow: number;
  readonly rowSpacing: number;
  readonly columnSpacing: number;
  readonly data: Float32Array;
}

/** Height of the centre of a slice. */
export const sliceHeight = (volume: Pick<Volume, "slices" | "sliceThickness">, slice: number): number =>
  (slice - (volume.slices - 1) / 2) * volume.sliceThickness;

export function makePlane(shape: Omit<Plane, "data">): Plane {
  return { ...shape, data: new Float32Array(shape.rows * shape.columns) };
}
