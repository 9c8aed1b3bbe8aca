// The table in a terminal and in Markdown.
import type { Absent } from "./contestant.ts";
import type { Entry, RowResult } from "./measure.ts";

const format = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value.toPrecision(3));

/** "12.3 ms  4.56 [4.1, 5.0]" */
function cell(entry: Entry | undefined, refused: boolean): string {
  if (!entry) return refused ? "refused" : "–";
  const [ratio, low, high] = entry.ratio;
  return `${format(entry.median)} ms, ${format(ratio)} [${format(low)}, ${format(high)}]`;
}

function cells(results: readonly RowResult[], ours: string, peers: readonly string[]): string[][] {
  const header = ["", ours, ...peers];
  const rows = results.map(({ name, entries, refused }) => [
    name,
    `${format(entries[0].median)} ms`,
    ...peers.map((peer) =>
      cell(
        entries.find((entry) => entry.peer === peer),
        refused.some((entry) => entry.peer === peer),
      ),
    ),
  ]);
  return [header, ...rows];
}

/** Geometric mean over rows of the best ratio among `names`. */
export function bestOf(
  results: readonly RowResult[],
  names: readonly string[],
): { mean: number; worst: number } {
  const best = results.flatMap(({ entries }) => {
    const ratios = entries.filter(({ peer }) => names.includes(peer)).map(({ ratio }) => ratio[0]);
    return ratios.length > 0 ? [Math.min(...ratios)] : [];
  });
  const mean = Math.exp(best.reduce((sum, ratio) => sum + Math.log(ratio), 0) / best.length);
  return { mean, worst: Math.min(...best) };
}

export function renderTable(results: readonly RowResult[], ours: string, peers: readonly string[]): string {
  const table = cells(results, ours, peers);
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      row
        .map((text, column) => (column ? text.padStart(widths[column]) : text.padEnd(widths[column])))
        .join("  "),
    )
    .join("\n");
}

export function renderMarkdown(
  results: readonly RowResult[],
  ours: string,
  peers: readonly string[],
): string {
  const [header, ...rows] = cells(results, ours, peers);
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(header), line(header.map((_, column) => (column ? "---:" : "---"))), ...rows.map(line)].join(
    "\n",
  );
}

/** One line for everything that is not in the table, and why. */
export function renderRefusals(results: readonly RowResult[], absent: readonly Absent[]): string[] {
  return [
    ...absent.map(({ name, reason }) => `${name}: not here: ${reason}`),
    ...results.flatMap(({ name, refused }) =>
      refused.map(({ peer, reason }) => `${peer}: ${name}: refused: ${reason}`),
    ),
  ];
}
