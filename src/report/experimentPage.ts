// An experiment as a page: its question and answer, a table, a forest plot a figure, and curves over its conditions.
import type { SeededComparison, SeededFigure } from "../evaluate/overSeeds.ts";
import type { ExperimentRow, ExperimentSummary } from "../experiment/summary.ts";
import { type Column, page, type Section, sortableTable } from "./page.ts";
import { figure, intervalPlot, type Line, linePlot } from "./plots.ts";

const digits = (value: number, signed = false): string =>
  Number.isNaN(value) ? "n/a" : `${signed && value >= 0 ? "+" : ""}${value.toFixed(3)}`;

const interval = ({ mean, low, high }: Pick<SeededFigure, "mean" | "low" | "high">, signed = false): string =>
  `${digits(mean, signed)} [${digits(low, signed)}, ${digits(high, signed)}]`;

const probability = (p: number): string => (p < 0.001 ? "< 0.001" : p.toFixed(3));

/** One sentence a declared comparison. */
export function experimentVerdict({ comparisons }: ExperimentSummary): string {
  if (comparisons.length === 0) return "The plan compares nothing.";
  const told = ({ first, second, figure: name, difference, adjustedP }: SeededComparison): string => {
    const sure = adjustedP < 0.05 ? (difference.mean > 0 ? "better" : "worse") : "not told apart";
    return `${first} against ${second}, ${name} ${interval(difference, true)}, p ${probability(adjustedP)} after Holm's correction: ${sure}.`;
  };
  return comparisons.map(told).join(" ");
}

/** Figures that have a plot of their own; the table has all. */
const plotted = ["image AUC", "AP at IoU 0.1", "sensitivity at 1"];

function tableSection({ rows, seeds, method }: ExperimentSummary): Section {
  const figures: Column<ExperimentRow>[] = Object.keys(rows[0].figures).map((name) => ({
    head: name,
    value: (row) => row.figures[name].mean,
    text: (row) => interval(row.figures[name]),
  }));
  const spread = (head: string, pick: (own: SeededFigure) => number): Column<ExperimentRow> => ({
    head,
    hint: "standard deviation of the image AUC",
    value: (row) => pick(row.figures["image AUC"]),
    text: (row) => digits(pick(row.figures["image AUC"])),
  });
  return {
    title: "Figures and costs",
    note: `${method.images} test images of ${method.patients} patients. Means over ${seeds.length} trainings (seeds ${seeds.join(", ")}), in brackets 95 % intervals over ${method.resamples.toLocaleString("en")} resamples of patients and trainings. Training seconds are of every task that a model needs.`,
    body: sortableTable<ExperimentRow>(
      [
        { head: "row", value: ({ name }) => name },
        ...figures,
        spread("spread over trainings", ({ seedDeviation }) => seedDeviation),
        spread("spread over patients", ({ patientDeviation }) => patientDeviation),
        {
          head: "parameters",
          value: ({ parameters }) => parameters,
          text: ({ parameters }) => parameters.toLocaleString("en"),
        },
        { head: "MFLOP", value: ({ flops }) => flops / 1e6, text: ({ flops }) => (flops / 1e6).toFixed(0) },
        {
          head: "ms/image",
          value: (row) => row.inferenceMilliseconds,
          text: (row) => row.inferenceMilliseconds.toFixed(1),
        },
        {
          head: "training s",
          value: (row) => row.trainingSeconds,
          text: (row) => row.trainingSeconds.toFixed(0),
        },
      ],
      rows,
    ),
  };
}

async function forestSections({ rows }: ExperimentSummary): Promise<Section[]> {
  const colors = { "mean over trainings": "var(--c1)" };
  return Promise.all(
    plotted.map(async (name): Promise<Section> => {
      const drawn = rows.map((row) => ({
        name: `${row.name} ${interval(row.figures[name])}`,
        value: row.figures[name].mean,
        low: row.figures[name].low,
        high: row.figures[name].high,
        group: "mean over trainings",
      }));
      const reference = rows[0].figures[name].mean;
      return {
        title: name,
        note: `The dashed line is ${rows[0].name}.`,
        body: await figure(name, intervalPlot(drawn, { unit: name, reference, colors })),
      };
    }),
  );
}

async function comparisonSection({ comparisons }: ExperimentSummary): Promise<Section> {
  const names = [...new Set(comparisons.map(({ figure: name }) => name))];
  const colors = Object.fromEntries(names.map((name, index) => [name, `var(--c${index + 1})`]));
  const drawn = comparisons.map(({ first, second, figure: name, difference, adjustedP }) => ({
    name: `${first} - ${second}, ${name} ${interval(difference, true)}, p ${probability(adjustedP)}`,
    value: difference.mean,
    low: difference.low,
    high: difference.high,
    group: name,
  }));
  return {
    title: "Declared comparisons",
    note: "Right of the line the first is better. p is two-sided, by the resamples, after Holm's correction over all lines.",
    body: await figure("comparisons", intervalPlot(drawn, { unit: "difference", reference: 0, colors })),
  };
}

async function curveSections({ rows, curve }: ExperimentSummary): Promise<Section[]> {
  if (!curve) return [];
  const models = [...new Set(rows.map(({ model }) => model))];
  return Promise.all(
    plotted.map(async (name): Promise<Section> => {
      const lines = models.map((model): Line => {
        const own = rows
          .filter((row) => row.model === model && row.at !== undefined)
          .toSorted((a, b) => (a.at as number) - (b.at as number));
        return {
          name: model,
          points: own.map(({ at, figures }) => [at as number, figures[name].mean]),
          band: own.map(({ figures }) => [figures[name].low, figures[name].high]),
        };
      });
      return {
        title: `${name} over the conditions`,
        body: await figure(name, linePlot(lines, { x: curve, y: name, points: true })),
      };
    }),
  );
}

/** The page of an experiment. @param notes where it was run. */
export async function experimentPage(summary: ExperimentSummary, notes: readonly string[]): Promise<string> {
  const sections = [
    ...(summary.comparisons.length > 0 ? [await comparisonSection(summary)] : []),
    ...(await curveSections(summary)),
    tableSection(summary),
    ...(await forestSections(summary)),
  ];
  return page(`${summary.name}: ${summary.question}`, [experimentVerdict(summary), ...notes], sections);
}
