// A result of the bench as a page, and what changed since an earlier one.
import type { Comparison, RowComparison, Verdict } from "../../bench/compare.ts";
import type { BenchResult, Measurement, Row, RowTiming } from "../../bench/result.ts";
import { shapeOf } from "./breakdown.ts";
import { type Column, facts, page, type Section, sortableTable } from "./page.ts";
import { figure, intervalPlot } from "./plots.ts";
import { drawable, rooflinePlot } from "./roofline.ts";

type TimedRow = Row & { readonly timing: RowTiming };

const isTimed = (row: Row): row is TimedRow => row.timing !== undefined;

const significant = (value: number): string =>
  value === 0 || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
const microseconds = (nanoseconds: number): string => significant(nanoseconds / 1000);
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/** A median in microseconds, and half its interval's width beside it. */
const timeColumn = (
  head: string,
  hint: string,
  of: (timing: RowTiming) => Measurement,
): Column<TimedRow> => ({
  head,
  hint,
  value: ({ timing }) => of(timing).median,
  text: ({ timing }) => `${microseconds(of(timing).median)} ± ${percent(of(timing).spread)}`,
});

const rowColumns: readonly Column<TimedRow>[] = [
  { head: "kernel/variant", value: ({ kernel, variant }) => `${kernel}/${variant}` },
  timeColumn("hot us", "the same buffers again and again", ({ hot }) => hot),
  {
    head: "ceiling",
    hint: "least time that the measured ceilings allow, over the hot median",
    value: ({ timing }) => timing.fraction.hot,
    text: ({ timing }) => percent(timing.fraction.hot),
  },
  { head: "bound", value: ({ timing }) => timing.fraction.ceiling },
  { head: "GFLOP/s", value: ({ timing }) => timing.gflops, text: ({ timing }) => significant(timing.gflops) },
  {
    head: "GB/s",
    value: ({ timing }) => timing.gigabytesPerSecond,
    text: ({ timing }) => significant(timing.gigabytesPerSecond),
  },
  timeColumn("cold us", "caches overwritten before every sample", ({ cold }) => cold),
  timeColumn("wall us", "on the host's clock, one dispatch at a time", ({ wall }) => wall),
  timeColumn("floor us", "an empty kernel with the same bindings", ({ floor }) => floor),
  { head: "until", hint: "why measuring ended", value: ({ timing }) => timing.hot.stop },
  { head: "n", hint: "dispatches of the shape in its program", value: ({ count }) => count },
  { head: "where", value: ({ origin }) => origin },
  { head: "shape", value: ({ parameters }) => shapeOf(parameters) },
];

const variantColors = { "taken by the engine": "var(--c1)", "other variants": "var(--c6)" };

async function rooflineSection(rows: readonly TimedRow[], { ceilings }: BenchResult): Promise<Section> {
  const several = rows.some(({ chosen }) => !chosen);
  const dots = rows.map(({ kernel, variant, flops, bytesRead, bytesWritten, timing, count, chosen }) => ({
    name: `${kernel}/${variant}`,
    flops,
    bytes: bytesRead + bytesWritten,
    nanoseconds: timing.hot.median,
    weight: chosen ? count * timing.hot.median : 0,
    group: chosen ? "taken by the engine" : "other variants",
  }));
  const undrawn = dots.length - drawable(dots).length;
  return {
    title: "Roofline",
    note: `One dot a row by its hot median, its area by its time in the program. The line is what this adapter was measured to do in the same run. Dots above it work out of caches.${undrawn > 0 ? ` ${undrawn} rows do no arithmetic and are in the table alone.` : ""}`,
    body: await figure("roofline", rooflinePlot(dots, ceilings, several ? variantColors : {})),
  };
}

const verdictColors: Readonly<Record<Verdict, string>> = {
  faster: "var(--c3)",
  "within noise": "var(--c6)",
  slower: "var(--c5)",
};

/** Rows drawn, those that differ most. */
const mostIntervals = 30;

const comparisonColumns: readonly Column<RowComparison>[] = [
  { head: "verdict", value: ({ verdict }) => verdict },
  { head: "ratio", hint: "new over old", value: ({ ratio }) => ratio, text: ({ ratio }) => ratio.toFixed(3) },
  { head: "from", value: ({ low }) => low, text: ({ low }) => low.toFixed(3) },
  { head: "to", value: ({ high }) => high, text: ({ high }) => high.toFixed(3) },
  { head: "old us", value: ({ before }) => before, text: ({ before }) => microseconds(before) },
  { head: "new us", value: ({ after }) => after, text: ({ after }) => microseconds(after) },
  { head: "kernel/variant and shape", value: ({ key }) => key },
];

async function comparisonSections({
  rows,
  margin,
  drift,
  dispatchRatio,
  onlyBefore,
  onlyAfter,
}: Comparison): Promise<Section[]> {
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  const unlike = ({ ratio }: RowComparison) => Math.abs(Math.log(ratio));
  const rank = (row: RowComparison) => (row.verdict === "within noise" ? 0 : 1e3) + unlike(row);
  const drawn = [...rows]
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, mostIntervals)
    .sort((a, b) => b.ratio - a.ratio)
    .map(({ key, ratio, low, high, verdict }) => ({ name: key, value: ratio, low, high, group: verdict }));
  const options = { unit: "new / old", reference: 1, logarithmic: true, colors: verdictColors };
  const summary = facts([
    ["rows compared", String(rows.length)],
    ["faster", String(count("faster"))],
    ["within noise", String(count("within noise"))],
    ["slower", String(count("slower"))],
    ["only in the old", String(onlyBefore.length)],
    ["only in the new", String(onlyAfter.length)],
  ]);
  return [
    {
      title: "Against the earlier result",
      note: `Ratios of hot medians, new over old, with 99% intervals widened by ${percent(margin)} or more. The machine itself: ceilings differ by ${percent(drift)}, an empty dispatch takes ${dispatchRatio.toFixed(2)} times as long. Drawn are those that differ most.`,
      body: summary + (drawn.length > 0 ? await figure("comparison", intervalPlot(drawn, options)) : ""),
    },
    { title: "All ratios", body: sortableTable(comparisonColumns, rows) },
  ];
}

function wrongSection(rows: readonly Row[]): Section[] {
  if (rows.length === 0) return [];
  const columns: Column<Row>[] = [
    { head: "kernel/variant and shape", value: ({ key }) => key },
    {
      head: "largest error",
      value: ({ correctness }) => correctness.maxError,
      text: ({ correctness }) => significant(correctness.maxError),
    },
    {
      head: "times its tolerance",
      value: ({ correctness }) => correctness.toleranceShare,
      text: ({ correctness }) => significant(correctness.toleranceShare),
    },
  ];
  return [{ title: "Wrong, and therefore not timed", body: sortableTable(columns, rows) }];
}

/** A self-contained HTML page. @param comparison with an earlier result, where there is one. */
export async function benchPage(result: BenchResult, comparison?: Comparison): Promise<string> {
  const { environment: e, ceilings, method, rows } = result;
  const weight = ({ count, timing }: TimedRow) => count * timing.hot.median;
  const timed = rows.filter(isTimed).sort((a, b) => weight(b) - weight(a));
  const notes = [
    `${e.adapter} (${e.driver}), ${e.kind}, Dawn webgpu ${e.dawn}; ${e.processor}, ${e.cores} cores, ${e.platform}, Node ${e.node}.`,
    `Commit ${e.commit}, ${e.date}; timer quantum ${e.timerQuantum} ns; copies ${significant(ceilings.copyBytesPerSecond / 1e9)} GB/s, computes ${significant(ceilings.flopsPerSecond / 1e9)} GFLOP/s.`,
  ];
  return page("Kernel bench", notes, [
    ...wrongSection(rows.filter((row) => !isTimed(row))),
    ...(comparison ? await comparisonSections(comparison) : []),
    ...(timed.length > 0 ? [await rooflineSection(timed, result)] : []),
    {
      title: "Rows",
      note: "Medians ± half their 95% intervals, those first that weigh most in their program. A click on a head sorts.",
      body: sortableTable(rowColumns, timed),
    },
    { title: "Method", note: `${method.words} ${ceilings.words}`, body: "" },
  ]);
}
