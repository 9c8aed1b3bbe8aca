// What a run of the table is kept as, and how it is shown in a terminal and in Markdown.
import type { Environment } from "../result.ts";
import type { Absent } from "./contestant.ts";
import type { Entry, RowResult } from "./measure.ts";

export interface Report {
  readonly environment: Environment;
  readonly method: string;
  /** Ours first. */
  readonly contestants: readonly {
    readonly name: string;
    readonly version: string;
    readonly method: string;
  }[];
  readonly absent: readonly Absent[];
  readonly rows: readonly RowResult[];
}

/** The libraries that the project holds itself against on WebGPU. */
const rivals = ["TensorFlow.js", "jax-js"];

/** Three significant digits, and no exponent. */
const format = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value.toPrecision(3));

/** Milliseconds of ours; of a library how many times ours it takes, with the interval. */
function cell({ entries, refused }: RowResult, peer: string, ours: string): string {
  const entry = entries.find((candidate) => candidate.peer === peer);
  if (!entry) return refused.some((candidate) => candidate.peer === peer) ? "refused" : "";
  if (peer === ours) return `${format(entry.median)} ms`;
  const [ratio, low, high] = entry.ratio.map(format);
  return `${ratio} [${low}, ${high}]`;
}

/** One line as soon as a row is done. */
export function renderRow(row: RowResult): string {
  const [ours] = row.entries;
  const others = row.entries.slice(1).map(({ peer }) => `${peer} ${cell(row, peer, ours.peer)}`);
  return `${row.name}: ${[cell(row, ours.peer, ours.peer), ...others].join(", ")}`;
}

function cells({ contestants, rows }: Report): string[][] {
  const names = contestants.map(({ name }) => name);
  const lines = rows.map((row) => [row.name, ...names.map((name) => cell(row, name, names[0]))]);
  return [["times ours [95%]", ...names], ...lines];
}

export function renderTable(report: Report): string {
  const table = cells(report);
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]);
  return table.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

const ratioOf = ({ ratio }: Entry): number => ratio[0];

/** How the best of the two WebGPU libraries compares with ours over the rows, and each library alone. */
export function summarize({ contestants, rows }: Report): string[] {
  const over = (names: readonly string[]) =>
    rows.flatMap(({ entries }) => {
      const ratios = entries.filter(({ peer }) => names.includes(peer)).map(ratioOf);
      return ratios.length > 0 ? [Math.min(...ratios)] : [];
    });
  const line = (title: string, names: readonly string[]) => {
    const ratios = over(names);
    if (ratios.length === 0) return [];
    const [mean, least] = [geometricMean(ratios), Math.min(...ratios)].map(format);
    return [`${title}: geometric mean of ${ratios.length} rows ${mean} times ours, least ${least}`];
  };
  return [
    ...line(`the best of ${rivals.join(" and ")} in each row`, rivals),
    ...contestants.slice(1).flatMap(({ name }) => line(name, [name])),
  ];
}

/** One line for everything that is not in the table, and why. */
export function renderNotes({ absent, rows }: Report): string[] {
  return [
    ...absent.map(({ name, reason }) => `${name}: not here: ${reason}`),
    ...rows.flatMap(({ name, refused }) =>
      refused.map(({ peer, reason }) => `${peer}: ${name}: refused: ${reason}`),
    ),
  ];
}

/** One line: what ran everything, and when. */
export function renderEnvironment(environment: Environment): string {
  const { adapter, kind, driver, dawn, cores, processor, platform, node, commit, date } = environment;
  return `${adapter} (${driver}), ${kind}, Dawn webgpu ${dawn}; ${cores} x ${processor}, ${platform}, Node ${node}; commit ${commit}, ${date.slice(0, 10)}`;
}

export function renderMarkdown(report: Report): string {
  const [header, ...rows] = cells(report);
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  const alignment = header.map((_, column) => (column === 0 ? "---" : "---:"));
  const { environment, method, contestants } = report;
  return `${[
    renderEnvironment(environment),
    "",
    [header, alignment, ...rows].map(line).join("\n"),
    "",
    ...[...summarize(report), ...renderNotes(report)].map((text) => `- ${text}`),
    ...report.rows.map(({ name, title }) => `- ${name}: ${title}`),
    ...contestants.map(({ name, version, method }) => `- ${name} ${version}: ${method}`),
    "",
    method,
  ].join("\n")}\n`;
}
