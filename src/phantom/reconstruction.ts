// From the views of tomosynthesis to one picture. Recipe of the synthetic mammogram: forward projection for what is
// coarse and a maximum-intensity projection for what is fine (Hong et al., AAPM 2015), on filtered back-projection.
import { filterRows, smooth } from "./filters.ts";
import { makePlane, type Plane } from "./volume.ts";

export interface View {
  /** Tangent of the tube's angle to the vertical. */
  readonly tangent: number;
  /** Line integrals. */
  readonly plane: Plane;
}

/**
 * Correlation kernel along the travel: Shepp and Logan's discrete ramp, cut to 13 taps and scaled to a gain of 1 at half
 * the Nyquist frequency, of which `floor` is replaced by an even gain, so that what lies along the travel is kept.
 */
function rampKernel(floor: number): Float64Array {
  const ramp = Float64Array.from({ length: 13 }, (_, i) => 1 / (1 - 4 * (i - 6) ** 2));
  const gain = ramp.reduce((sum, tap, i) => sum + tap * Math.cos((Math.PI / 2) * (i - 6)), 0);
  return ramp.map((tap, i) => ((1 - floor) * tap) / gain + (i === 6 ? floor : 0));
}

/**
 * Adds to `slice` the views, weighted equally, as they look focused at a height: y on the slice is read at
 * y + height·tangent, between two rows of the detector.
 */
export function backProject(views: readonly View[], height: number, slice: Plane): void {
  const { columns } = slice;
  const out = slice.data;
  for (const { tangent, plane } of views) {
    const { data } = plane;
    for (let row = 0; row < slice.rows; row++) {
      const y = (slice.firstRow + row + 0.5) * slice.rowSpacing + height * tangent;
      const position = y / plane.rowSpacing - 0.5 - plane.firstRow;
      const whole = Math.floor(position);
      const upper = (position - whole) / views.length;
      const lower = 1 / views.length - upper;
      let from = whole * columns;
      for (let to = row * columns, end = to + columns; to < end; to++, from++)
        out[to] += lower * data[from] + upper * data[from + columns];
    }
  }
}

export interface SyntheticOptions {
  readonly rows: number;
  readonly columns: number;
  readonly spacing: number;
  /** Heights of the reconstructed slices, mm. */
  readonly heights: readonly number[];
  /** Standard deviation in mm of the blur that parts coarse from fine. */
  readonly split: number;
  /** Weight of the fine part, and the share of its filter that is even instead of a ramp. */
  readonly detail: number;
  readonly rampFloor: number;
}

/** Ours: vendors' recipes are not published. The fine part is raised by half, as products make calcifications plainer. */
export const defaultSynthesis = { split: 1, detail: 1.5, rampFloor: 0.5 } as const;

const minus = (a: Plane, b: Plane): Plane => ({ ...a, data: a.data.map((value, i) => value - b.data[i]) });

/** Blurred views hardly change from one slice to the next, so every fourth is enough for their average. */
const coarseStep = 4;

/**
 * The synthetic mammogram in line integrals. Coarse: every slice's back-projection, averaged (the volume's vertical
 * projection) and blurred. Fine: what the blur takes away, ramp-filtered along the tube's travel, back-projected into
 * slices; the brightest value over all heights is kept.
 */
export function synthesise(views: readonly View[], options: SyntheticOptions): Plane {
  const { rows, columns, spacing, heights, split, detail } = options;
  const kernel = rampKernel(options.rampFloor);
  const shape = { rows, columns, firstRow: 0, rowSpacing: spacing, columnSpacing: spacing };
  const coarseViews = views.map(({ tangent, plane }) => ({ tangent, plane: smooth(plane, split) }));
  const fineViews = views.map(({ tangent, plane }, i) => ({
    tangent,
    plane: filterRows(minus(plane, coarseViews[i].plane), kernel),
  }));
  const coarseHeights = heights.filter((_, i) => i % coarseStep === Math.floor(coarseStep / 2));
  const coarse = makePlane(shape);
  for (const height of coarseHeights) backProject(coarseViews, height, coarse);
  const brightest = new Float32Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  const slice = makePlane(shape);
  for (const height of heights) {
    slice.data.fill(0);
    backProject(fineViews, height, slice);
    for (let i = 0; i < brightest.length; i++) if (slice.data[i] > brightest[i]) brightest[i] = slice.data[i];
  }
  const data = coarse.data.map((value, i) => value / coarseHeights.length + detail * brightest[i]);
  return { ...shape, data };
}
