// Small spheres, projected as path lengths in closed form instead of being cut into voxels: specks of calcification are
// smaller than a voxel, and a chain of beads makes a vessel.
import type { Plane } from "./volume.ts";

export interface Bead {
  /** Centre in mm, as in volume.ts. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  /** Attenuation above what the bead replaces, 1/mm. */
  readonly excess: number;
}

/** Sampling points along a pixel's side: about four in the bead's radius. */
const samplesFor = (radius: number, spacing: number): number =>
  Math.min(Math.max(Math.ceil((4 * spacing) / radius), 2), 16);

/**
 * Adds the beads' line integrals to `plane`, averaged over each pixel's square: the chord 2·√(r² − ρ²) at distance ρ
 * from the centre's shadow, sampled, and scaled so that the sum over pixels is the sphere's volume exactly.
 */
export function addBeads(beads: readonly Bead[], tangent: number, plane: Plane): void {
  for (const bead of beads) addBead(bead, tangent, plane);
}

function addBead({ x, y, z, radius, excess }: Bead, tangent: number, plane: Plane): void {
  const spacing = plane.columnSpacing;
  const samples = samplesFor(radius, spacing);
  const step = spacing / samples;
  const rowCentre = y + z * tangent;
  const firstRow = Math.floor((rowCentre - radius) / spacing);
  const rows = Math.floor((rowCentre + radius) / spacing) - firstRow + 1;
  const firstColumn = Math.floor((x - radius) / spacing);
  const columns = Math.floor((x + radius) / spacing) - firstColumn + 1;
  const chords = new Float64Array(rows * columns);
  let sum = 0;
  for (let i = 0; i < rows * samples; i++) {
    const dy = firstRow * spacing + (i + 0.5) * step - rowCentre;
    for (let j = 0; j < columns * samples; j++) {
      const dx = firstColumn * spacing + (j + 0.5) * step - x;
      const squared = radius * radius - dx * dx - dy * dy;
      if (squared <= 0) continue;
      const chord = Math.sqrt(squared);
      chords[Math.floor(i / samples) * columns + Math.floor(j / samples)] += chord;
      sum += chord;
    }
  }
  const volume = (4 / 3) * Math.PI * radius ** 3 * Math.sqrt(1 + tangent * tangent);
  const scale = (excess * volume) / (sum * spacing * spacing);
  for (let r = 0; r < rows; r++) {
    const row = firstRow + r - plane.firstRow;
    if (row < 0 || row >= plane.rows) continue;
    for (let c = 0; c < columns; c++) {
      const column = firstColumn + c;
      if (column < 0 || column >= plane.columns) continue;
      plane.data[row * plane.columns + column] += scale * chords[r * columns + c];
    }
  }
}
