import random from "../shaders/random.wgsl";
import shader from "../shaders/refineField.wgsl";
import { mix, uniformAt } from "../src/base/random.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type RefineFieldParameters = {
  /** Independent fields. */
  fields: number;
  level: number;
  /** Standard deviation of the white noise that is added. */
  amplitude: number;
  /** Whether cells are halved along z, too; along rows and columns they always are. */
  halves: boolean;
  /** Extents and the numbers of the first cell, relative to the image's first; `column` is a multiple of four, as is `columns`. */
  slices: number;
  rows: number;
  columns: number;
  slice: number;
  row: number;
  column: number;
  /** The same of the level above; 0 slices: there is none. */
  parentSlices: number;
  parentRows: number;
  parentColumns: number;
  parentSlice: number;
  parentRow: number;
  parentColumn: number;
};

/** Number of the image's first cell in the shader, where none is below 0. */
const origin = 2 ** 20;
const workgroup = 64;

const golden = 0x9e3779b9;

/** Uniform, of mean 0 and variance 1. */
function noiseAt(
  key: number,
  p: RefineFieldParameters,
  field: number,
  cell: readonly [number, number, number],
): number {
  const [slice, row, column] = cell.map((number) => number + origin);
  const stream = mix((key + 64 * p.level + field) >>> 0);
  const line = mix((stream ^ mix((Math.imul(slice, golden) + row) >>> 0)) >>> 0);
  return (uniformAt(line, column) - 0.5) * Math.sqrt(12);
}

/** A cell's parent and the parent's neighbour on the cell's side. */
const above = (cell: number): [number, number] => {
  const parent = Math.floor(cell / 2);
  return [parent, parent + (cell - 2 * parent === 1 ? 1 : -1)];
};

/** Its own cell, alone or half as wide as the level above. */
const sourcesOf = (cell: number, halved: boolean): readonly (readonly [number, number])[] => {
  if (!halved) return [[cell, 1]];
  const [parent, neighbour] = above(cell);
  return [
    [parent, 0.75],
    [neighbour, 0.25],
  ];
};

function upsampled(
  p: RefineFieldParameters,
  parents: Float64Array,
  field: number,
  cell: readonly [number, number, number],
) {
  if (p.parentSlices === 0) return 0;
  let sum = 0;
  for (const [slice, a] of sourcesOf(cell[0], p.halves))
    for (const [row, b] of sourcesOf(cell[1], true))
      for (const [column, c] of sourcesOf(cell[2], true)) {
        const k = Math.min(Math.max(slice - p.parentSlice, 0), p.parentSlices - 1);
        const line = (field * p.parentSlices + k) * p.parentRows + row - p.parentRow;
        sum += a * b * c * parents[line * p.parentColumns + column - p.parentColumn];
      }
  return sum;
}

/** One level of random fields by successive random additions: `parents` with cells half as wide, plus white noise. */
export const refineField: Kernel<RefineFieldParameters> = {
  name: "refineField",
  bindings: (p) => [
    {
      name: "parents",
      access: "read",
      shape: p.parentSlices > 0 ? [p.fields, p.parentSlices, p.parentRows, p.parentColumns] : [1],
    },
    { name: "key", access: "read", shape: [1], dtype: "u32" },
    { name: "y", access: "write", shape: [p.fields, p.slices, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader: random + shader,
      constants: (p) => ({
        FIELDS: p.fields,
        SLICES: p.slices,
        ROWS: p.rows,
        COLUMNS: p.columns,
        LEVEL: p.level,
        ROW: p.row + origin,
        SLICE: p.slice + origin,
        COLUMN: p.column + origin,
        PARENT_SLICES: p.parentSlices,
        PARENT_ROWS: p.parentRows,
        PARENT_COLUMNS: p.parentColumns,
        PARENT_ROW: p.parentRow + origin,
        PARENT_SLICE: p.parentSlice + origin,
        PARENT_COLUMN: p.parentColumn + origin,
        HALVES: Number(p.halves),
        FIRST: Number(p.parentSlices === 0),
        AMPLITUDE: p.amplitude,
        WORKGROUP: workgroup,
      }),
      workgroups: (p) =>
        linearWorkgroups(divideUp((p.fields * p.slices * p.rows * p.columns) / 4, workgroup)),
    },
  ],
  flops: (p) => 24 * p.fields * p.slices * p.rows * p.columns,
  reference(p, { parents, key, y }) {
    for (let index = 0; index < y.length; index++) {
      const line = Math.floor(index / p.columns);
      const plane = Math.floor(line / p.rows);
      const field = Math.floor(plane / p.slices);
      const cell = [
        (plane % p.slices) + p.slice,
        (line % p.rows) + p.row,
        (index % p.columns) + p.column,
      ] as const;
      y[index] = upsampled(p, parents, field, cell) + p.amplitude * noiseAt(key[0], p, field, cell);
    }
  },
  cases: [
    level({ slices: 1, rows: 1, columns: 4 }),
    level({ fields: 3, level: 2, slices: 5, rows: 7, columns: 8, row: -3, column: -4 }),
    level({
      level: 3,
      slices: 6,
      rows: 9,
      columns: 12,
      row: -4,
      column: -4,
      parentSlices: 5,
      parentRows: 7,
      parentColumns: 9,
      parentSlice: -1,
      parentRow: -3,
      parentColumn: -3,
      halves: true,
    }),
    level({
      fields: 2,
      level: 5,
      slices: 3,
      rows: 5,
      columns: 4,
      row: 3,
      parentSlices: 3,
      parentRows: 5,
      parentColumns: 5,
      parentRow: 0,
      parentColumn: -1,
    }),
  ],
  testInputs: () => ({ key: Float64Array.of(3_141_592_653) }),
};

function level(
  given: Pick<RefineFieldParameters, "slices" | "rows" | "columns"> & Partial<RefineFieldParameters>,
): RefineFieldParameters {
  return {
    fields: 1,
    level: 0,
    amplitude: 0.5,
    halves: false,
    slice: 0,
    row: 0,
    column: 0,
    parentSlices: 0,
    parentRows: 0,
    parentColumns: 0,
    parentSlice: 0,
    parentRow: 0,
    parentColumn: 0,
    ...given,
  };
}
