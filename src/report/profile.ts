// A program's timing as text for a terminal.
import type { CeilingRates } from "../engine/ceilings.ts";
import type { ProgramTiming } from "../engine/profiler.ts";
import {
  ceilingShare,
  type DispatchRow,
  dispatchRows,
  gflops,
  gigabytesPerSecond,
  groupBy,
  runBudget,
  type Work,
} from "./breakdown.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** The figures of one line. */
const figures = (work: Work, total: number): string[] => [
  (work.nanoseconds / 1e6).toFixed(3),
  percent(work.nanoseconds / total),
  gflops(work).toFixed(2),
  gigabytesPerSecond(work).toFixed(2),
  percent(ceilingShare(work)),
];
const figureHeads = ["ms", "share", "GFLOP/s", "GB/s", "ceiling"];

/** Columns as wide as their widest cell: words to the left, figures to the right. */
function align(rows: readonly (readonly string[])[], isWord: (column: number) => boolean): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (isWord(at) ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

const rest = (count: number, most: number): string => (count > most ? `\n… and ${count - most} more` : "");

const totalOf = (rows: readonly Work[]): number =>
  rows.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);

function renderGroups(
  head: string,
  rows: readonly DispatchRow[],
  key: (row: DispatchRow) => string,
  most: number,
): string {
  const groups = groupBy(rows, key);
  const lines = groups
    .slice(0, most)
    .map((group) => [group.name, String(group.count), ...figures(group, totalOf(rows))]);
  return (
    align([[head, "count", ...figureHeads], ...lines], (column) => column === 0) + rest(groups.length, most)
  );
}

/** The slowest dispatches; their long names come last. */
function renderDispatches(rows: readonly DispatchRow[], most: number): string {
  const slowest = [...rows].sort((a, b) => b.nanoseconds - a.nanoseconds).slice(0, most);
  const lines = slowest.map((row) => [
    String(row.index),
    ...figures(row, totalOf(rows)),
    row.kernel,
    row.label,
    row.shape,
  ]);
  const heads = ["dispatch", ...figureHeads, "kernel/variant", "label", "shape"];
  return align([heads, ...lines], (column) => column > figureHeads.length) + rest(rows.length, most);
}

function renderBudget(timing: ProgramTiming): string {
  const budget = runBudget(timing);
  const count = timing.dispatches.length;
  const line = (figure: number, text: string) => `${figure.toFixed(3).padStart(10)} ms  ${text}`;
  return [
    `an ordinary run of ${count} dispatches, the median of ${timing.runs}:`,
    line(budget.wall, "from the first command encoded until the outputs are on the host, of which"),
    line(budget.encode, `the host encodes (${((1000 * budget.encode) / count).toFixed(1)} us a dispatch)`),
    line(budget.pass, "the adapter works, by its timestamps"),
    line(budget.rest, "the rest: starting, and reading the outputs back"),
    line(budget.submit, "in the call that submits, while the adapter may be at work"),
    line(budget.sum, "sum of the dispatches timed one by one"),
    line(budget.gaps, "gaps: the adapter's work beyond that sum (below 0 where dispatches overlap)"),
    line(budget.between, "idle between dispatches when timed one by one"),
  ].join("\n");
}

/** Where a run's time goes, by kernel, by layer and by dispatch. @param most lines of each table. */
export function renderProfile(timing: ProgramTiming, ceilings: CeilingRates, most = 20): string {
  const rows = dispatchRows(timing, ceilings);
  return [
    renderBudget(timing),
    `ceilings: ${(ceilings.flopsPerSecond / 1e9).toFixed(1)} GFLOP/s, ${(ceilings.copyBytesPerSecond / 1e9).toFixed(1)} GB/s, measured on this adapter just before`,
    renderGroups("kernel/variant", rows, ({ kernel }) => kernel, most),
    renderGroups("layer", rows, ({ layer }) => layer, most),
    renderDispatches(rows, most),
  ].join("\n\n");
}
