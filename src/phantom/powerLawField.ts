// Random fields with a power-law spectrum on the tape: the model of mammographic texture (power spectrum ~ 1/f³). A pyramid of
// levels, each of cells half as wide as the one above; `refineField` makes a level of its parent.
import { type RefineFieldParameters, refineField } from "../../kernels/refineField.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { VoxelGrid } from "./grid.ts";

/** The longest wavelength of tissue in mm, about: a breast's breadth. */
const outerScale = 80;

/** Cells from `first` on, along one axis. */
interface Span {
  readonly first: number;
  readonly count: number;
}

/** One level's cells and how they are divided from the level above. */
export interface Level {
  readonly slices: Span;
  readonly rows: Span;
  readonly columns: Span;
  /** Side of a cell in its slice, mm. */
  readonly cell: number;
  /** Whether its cells are half as thick as those above. */
  readonly halvesSlices: boolean;
}

const lastOf = ({ first, count }: Span): number => first + count - 1;

/** The parents that a level's cells read: their own and the neighbours on both sides. */
const parentsOf = (span: Span): Span => {
  const first = Math.floor(span.first / 2) - 1;
  return { first, count: Math.floor(lastOf(span) / 2) + 1 - first + 1 };
};

/** Columns come in fours, from a multiple of four on. */
function inFours(span: Span): Span {
  const first = 4 * Math.floor(span.first / 4);
  return { first, count: 4 * Math.ceil((lastOf(span) + 1 - first) / 4) };
}

/**
 * The levels of a grid's pyramid, coarsest first; the last has the grid's voxels. Cells are as high as wide until that is less
 * than a slice.
 * @param sliceThickness in mm, about: cells keep their number when breasts differ in thickness.
 */
export function levelsOf(grid: VoxelGrid, sliceThickness: number): Level[] {
  const { slices, rows, columns, margin, spacing } = grid;
  const count = Math.max(Math.ceil(Math.log2(outerScale / spacing)), 0);
  const halvings = (cell: number) => Math.max(Math.round(Math.log2(cell / sliceThickness)), 0);
  const levels: Level[] = [];
  let spans = {
    slices: { first: 0, count: slices },
    rows: { first: -margin, count: rows + 2 * margin },
    columns: inFours({ first: 0, count: columns }),
  };
  for (let level = count; level >= 0; level--) {
    const cell = spacing * 2 ** (count - level);
    const halvesSlices = level > 0 && halvings(2 * cell) > halvings(cell);
    levels.unshift({ ...spans, cell, halvesSlices });
    spans = {
      slices: halvesSlices ? parentsOf(spans.slices) : spans.slices,
      rows: parentsOf(spans.rows),
      columns: inFours(parentsOf(spans.columns)),
    };
  }
  return levels;
}

/** Share of a level's variance that is left along one axis after Chaikin's halvings, on average over the cells. */
function keptAlongAxis(halvings: number): number {
  let response = [1];
  for (let step = 0; step < halvings; step++) {
    const next = new Array<number>(2 * response.length + 2).fill(0);
    response.forEach((value, cell) => {
      for (const [offset, weight] of [0.25, 0.75, 0.75, 0.25].entries())
        next[2 * cell + offset] += weight * value;
    });
    response = next;
  }
  return response.reduce((sum, value) => sum + value * value, 0) / 2 ** halvings;
}

/**
 * Standard deviations of the noise that each level adds, for a field of variance 1 with power ~ f^−exponent in three
 * dimensions: an octave's variance grows as cell^(exponent − 3). Where cells are less high than a slice, a slice averages some.
 */
export function amplitudesOf(levels: readonly Level[], exponent: number, sliceThickness: number): number[] {
  const raw = levels.map(({ cell }) => cell ** (exponent - 3) * Math.min(cell / sliceThickness, 1));
  const variance = raw.reduce((sum, own, index) => {
    const below = levels.slice(index + 1);
    const inSlices = below.filter(({ halvesSlices }) => halvesSlices).length;
    return sum + own * keptAlongAxis(below.length) ** 2 * keptAlongAxis(inSlices);
  }, 0);
  return raw.map((own) => Math.sqrt(own / variance));
}

/**
 * Records independent fields of variance 1 on a grid's voxels → [fields, slices, rows + 2·margin, columns up to a multiple of
 * four]. The same key gives the same field whatever the margin and the number of columns.
 * @param key u32 [1], of a RandomStream.
 */
export function powerLawFields(
  tape: Tape,
  grid: VoxelGrid,
  options: { readonly fields: number; readonly exponent: number; readonly sliceThickness: number },
  key: Tensor,
): Tensor {
  const { fields, exponent, sliceThickness } = options;
  const levels = levelsOf(grid, sliceThickness);
  const amplitudes = amplitudesOf(levels, exponent, sliceThickness);
  return levels.reduce<Tensor>((parents, level, index) => {
    const parameters: RefineFieldParameters = {
      fields,
      level: index,
      amplitude: amplitudes[index],
      halves: level.halvesSlices,
      ...cellsOf(level),
      ...parentCellsOf(levels[index - 1]),
    };
    return tape.apply(refineField, parameters, { parents, key }).y;
  }, tape.zeros(1));
}

const cellsOf = ({ slices, rows, columns }: Level) => ({
  slices: slices.count,
  rows: rows.count,
  columns: columns.count,
  slice: slices.first,
  row: rows.first,
  column: columns.first,
});

const parentCellsOf = (level?: Level) => ({
  parentSlices: level?.slices.count ?? 0,
  parentRows: level?.rows.count ?? 0,
  parentColumns: level?.columns.count ?? 0,
  parentSlice: level?.slices.first ?? 0,
  parentRow: level?.rows.first ?? 0,
  parentColumn: level?.columns.first ?? 0,
});
