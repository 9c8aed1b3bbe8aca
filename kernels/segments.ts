// Runs of pixels of each plane that are normalised apart: the levels of a packed pyramid.

/** The most runs: EfficientDet-D7x has six levels. */
export const mostSegments = 6;

/** Where the runs end, as a parameter: "256,320,336". One run of all pixels: "". */
export type Segmented = { segments: string; pixels: number };

/** @throws Error for more runs than a kernel takes. */
export function segmentEnds({ segments, pixels }: Segmented): number[] {
  const ends = segments === "" ? [pixels] : segments.split(",").map(Number);
  if (ends.length > mostSegments) throw new Error(`${ends.length} segments, at most ${mostSegments}`);
  return ends;
}

/** The fields that segments.wgsl reads. */
export function segmentConstants(p: Segmented): Record<string, number> {
  const ends = segmentEnds(p);
  const fields = Array.from({ length: mostSegments }, (_, index) => [`END${index}`, ends[index] ?? p.pixels]);
  return { LEVELS: ends.length, ...Object.fromEntries(fields) };
}

/** Number of the run that pixel `pixel` lies in; −1 beyond the last one, in what fills the planes up. */
export const segmentOf = (ends: readonly number[], pixel: number): number =>
  ends.findIndex((end) => pixel < end);
