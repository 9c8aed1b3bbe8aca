// Results and comparisons as text for a terminal.
import type { Comparison, RowComparison, Verdict } from "./compare.ts";
import type { BenchResult, Measurement, Row, RowTiming } from "./result.ts";

/** Cells under their headings, the last column to the left and all others to the right. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column].length)),
  );
  const last = headings.length - 1;
  return [headings, ...rows]
    .map((cells) =>
      cells.map((cell, column) => (column === last ? cell : cell.padStart(widths[column]))).join("  "),
    )
    .join("\n");
}

const significant = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const microseconds = (nanoseconds: number): string => significant(nanoseconds / 1000);
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

const headings = [
  "hot us",
  "±",
  "cold us",
  "±",
  "wall us",
  "±",
  "floor us",
  "GFLOP/s",
  "GB/s",
  "of ceiling",
  "until",
  "n",
  "kernel/variant and shape",
];

function cells(row: Row & { timing: RowTiming }): string[] {
  const { hot, cold, wall, floor, gflops, gigabytesPerSecond, fraction } = row.timing;
  const time = (measured: Measurement) => [microseconds(measured.median), percent(measured.spread)];
  return [
    ...time(hot),
    ...time(cold),
    ...time(wall),
    microseconds(floor.median),
    row.flops > 0 ? significant(gflops) : "",
    significant(gigabytesPerSecond),
    `${percent(fraction.hot)} ${fraction.ceiling}`,
    hot.stop,
    String(row.count),
    row.key,
  ];
}

const isTimed = (row: Row): row is Row & { timing: RowTiming } => row.timing !== undefined;

function describeWrong({ key, correctness }: Row): string {
  const { maxError, toleranceShare } = correctness;
  return `WRONG, not timed: ${key}: off by ${maxError.toExponential(2)}, ${toleranceShare.toFixed(1)} times its tolerance`;
}

/** What ran on what, the ceilings, every timed row, and the wrong ones. Rows that weigh most in their program first. */
export function renderResult({ environment, method, ceilings, rows }: BenchResult): string {
  const { adapter, driver, kind, dawn, processor, cores, node, commit, timerQuantum } = environment;
  const timed = rows.filter(isTimed);
  const weight = ({ count, timing }: (typeof timed)[number]) => count * timing.hot.median;
  const sorted = timed.toSorted((a, b) => weight(b) - weight(a));
  const onCases = timed.filter(({ correctness }) => correctness.checked === "cases").length;
  const notes = [
    `${adapter} (${driver}), ${kind}, Dawn webgpu ${dawn}; ${processor}, ${cores} cores, Node ${node}; commit ${commit}`,
    `timer quantum ${timerQuantum} ns; ceilings: copies ${significant(ceilings.copyBytesPerSecond / 1e9)} GB/s, computes ${significant(ceilings.flopsPerSecond / 1e9)} GFLOP/s`,
    `medians over at least ${method.rounds} rounds ± half their 95% intervals, until ${percent(method.spread)} or ${method.seconds} s; n: dispatches of the shape in its program`,
  ];
  if (onCases > 0)
    notes.push(
      `${onCases} rows checked on their kernel's test cases: the shape is too large for the reference`,
    );
  return [
    ...notes,
    ...(sorted.length > 0 ? ["", renderTable(headings, sorted.map(cells))] : []),
    ...rows.filter((row) => !isTimed(row)).map(describeWrong),
  ].join("\n");
}

function comparisonCells({ before, after, ratio, low, high, verdict, key }: RowComparison): string[] {
  const interval = `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
  return [microseconds(before), microseconds(after), ratio.toFixed(3), interval, verdict, key];
}

/** The rows that differ beyond noise, slowest first, and how many do not. */
export function renderComparison(comparison: Comparison): string {
  const { rows, drift, margin, dispatchRatio, onlyBefore, onlyAfter } = comparison;
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  const differing = rows
    .filter(({ verdict }) => verdict !== "within noise")
    .sort((a, b) => b.ratio - a.ratio);
  const within = count("within noise");
  const lines = [
    `compared: ${rows.length} rows; ${within} within noise (${(rows.length ? (100 * within) / rows.length : 100).toFixed(1)}%), ${count("faster")} faster, ${count("slower")} slower`,
    `ratios new/old of hot medians with 99% intervals, widened by ${percent(margin)} or more; the machine itself: ceilings differ by ${percent(drift)}, an empty dispatch takes ${dispatchRatio.toFixed(2)} times as long`,
  ];
  if (differing.length > 0) {
    const table = renderTable(
      ["old us", "new us", "ratio", "99% interval", "verdict", "kernel/variant and shape"],
      differing.map(comparisonCells),
    );
    lines.push("", table);
  }
  for (const [keys, name] of [
    [onlyBefore, "old"],
    [onlyAfter, "new"],
  ] as const)
    if (keys.length > 0) lines.push(`only in the ${name} one: ${keys.length} rows, such as ${keys[0]}`);
  return lines.join("\n");
}
