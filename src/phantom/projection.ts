// Line integrals of a volume along parallel rays. The region is small (4 cm) beside the source's distance (65 cm), so
// the rays of one view are taken as parallel and nothing is magnified.
import { type Plane, sliceHeight, type Volume } from "./volume.ts";

/**
 * Adds the line integrals of attenuation to `plane` (dimensionless): detector row y collects the ray through
 * y − z·tangent at height z. A ray crosses a slice in h·√(1 + tangent²) and about a pixel's breadth of it, which the
 * linear interpolation between rows stands for.
 * @param plane as wide as the volume and on the same pixels; the volume's rows must reach z·tangent beyond its own.
 */
export function addProjection(volume: Volume, tangent: number, plane: Plane): void {
  const path = volume.sliceThickness * Math.sqrt(1 + tangent * tangent);
  const out = plane.data;
  const count = plane.rows * volume.columns;
  for (let slice = 0; slice < volume.slices; slice++) {
    const shift = (-sliceHeight(volume, slice) * tangent) / volume.spacing;
    const whole = Math.floor(shift);
    const upper = path * (shift - whole);
    const lower = path - upper;
    const row = slice * volume.rows + plane.firstRow - volume.firstRow + whole;
    const near = volume.data.subarray(row * volume.columns, row * volume.columns + count);
    const far = upper ? volume.data.subarray((row + 1) * volume.columns) : near;
    for (let i = 0; i < count; i++) out[i] += lower * near[i] + upper * far[i];
  }
}
