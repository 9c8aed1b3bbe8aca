// Where a virtual breast lies in space, and how it is cut into voxels. Millimetres: x from the chest wall towards the
// nipple, y down the image from its first row, z up from the middle of the compressed breast towards the tube, which
// travels along y above the middle row, over the chest wall.

/**
 * Voxel (slice, row, column) is centred at z = ((slice + 0.5) / slices − 0.5) · thickness, y = (row − margin + 0.5) · spacing,
 * x = (column + 0.5) · spacing.
 */
export interface VoxelGrid {
  readonly slices: number;
  /** Of the image; the volume has `margin` more on both sides, for oblique rays. */
  readonly rows: number;
  readonly margin: number;
  readonly columns: number;
  /** Side of a voxel in its slice, mm. */
  readonly spacing: number;
}
