// A run as a page: what was run, what came out and how sure that is, and pictures to judge it by.

import type { Subgroup } from "../evaluate/subgroups.ts";
import type { Estimate, Figures, Summary } from "../evaluate/summary.ts";
import {
  type Captioned,
  type Column,
  escapeHtml,
  facts,
  gallery,
  page,
  type Section,
  sortableTable,
} from "./page.ts";
import { figure, intervalPlot, type Line, linePlot } from "./plots.ts";

/** Points of a curve. */
export type Curve = readonly (readonly [x: number, y: number])[];

/** An epoch of a task. */
export interface EpochLosses {
  readonly task: string;
  readonly epoch: number;
  readonly training: number;
  readonly validation: number;
}

export interface RunReport {
  readonly title: string;
  /** Where it comes from, a line each. */
  readonly notes: readonly string[];
  readonly summary: Summary;
  /** What differs from the defaults, and what the data is: name and value. */
  readonly setting: readonly (readonly [string, string])[];
  readonly costs: Readonly<
    Record<string, { readonly parameters: number; readonly flops: number; readonly milliseconds: number }>
  >;
  /** By model. */
  readonly curves: Readonly<
    Record<string, { readonly roc: Curve; readonly froc: Curve; readonly reliability: Curve }>
  >;
  readonly calibration: Readonly<
    Record<string, { readonly expectedError: number; readonly brier: number; readonly temperature: number }>
  >;
  readonly epochs: readonly EpochLosses[];
  readonly warnings: readonly string[];
  readonly subgroups?: readonly Subgroup[];
  /** Other tables of the analysis: lines of text, aligned. */
  readonly analysis?: string;
  readonly distillation: readonly Captioned[];
  readonly gallery: Readonly<Record<string, readonly Captioned[]>>;
}

const digits = (value: number, signed = false): string =>
  Number.isNaN(value) ? "n/a" : `${signed && value >= 0 ? "+" : ""}${value.toFixed(3)}`;

const interval = ({ value, low, high }: Estimate, signed = false): string =>
  `${digits(value, signed)} [${digits(low, signed)}, ${digits(high, signed)}]`;

/** One sentence on the first difference that the run reports. */
export function verdictOf({ differences }: Summary): string {
  const [entry] = Object.entries(differences);
  if (!entry) return "No two models are compared.";
  const [name, figures] = entry;
  const [first, second] = name.split(" - ");
  const told = (what: string, estimate: Estimate): string => {
    const sign = estimate.low > 0 ? "better" : estimate.high < 0 ? "worse" : "not told apart";
    return `${what} ${interval(estimate, true)}: ${sign}`;
  };
  return `${first} against ${second}, difference with its 95 % interval: ${told("image AUC", figures.auc)}; ${told("AP at IoU 0.1", figures.ap["0.1"])}.`;
}

interface FigureRow {
  readonly name: string;
  readonly figures: Figures;
  readonly signed: boolean;
}

function figureColumns(summary: Summary): Column<FigureRow>[] {
  const [{ ap, froc }] = Object.values(summary.models);
  const column = (head: string, pick: (figures: Figures) => Estimate): Column<FigureRow> => ({
    head,
    value: ({ figures }) => pick(figures).value,
    text: ({ figures, signed }) => interval(pick(figures), signed),
  });
  return [
    { head: "model", value: ({ name }) => name },
    column("image AUC", ({ auc }) => auc),
    ...Object.keys(ap).map((iou) => column(`AP at IoU ${iou}`, (figures) => figures.ap[iou])),
    ...froc.map(({ falsePositivesPerImage: rate }, index) =>
      column(`found at ${rate}/image`, (figures) => ({
        ...figures.froc[index],
        value: figures.froc[index].sensitivity,
      })),
    ),
  ];
}

function figuresSection(summary: Summary): Section {
  const { patients, images, imagesWithLesion, resamples, frocRule } = summary.method;
  const rows = (figures: Readonly<Record<string, Figures>>, signed: boolean) =>
    Object.entries(figures).map(([name, own]): FigureRow => ({ name, figures: own, signed }));
  return {
    title: "Figures",
    note: `${images} test images of ${patients} patients, ${imagesWithLesion} with a lesion. In brackets 95 % intervals over ${resamples.toLocaleString("en")} resamples of the patients, the same for all models. Lesions count as found by ${frocRule}.`,
    body: sortableTable(figureColumns(summary), [
      ...rows(summary.models, false),
      ...rows(summary.differences, true),
    ]),
  };
}

async function differencesSection(summary: Summary): Promise<Section> {
  const rows = Object.entries(summary.differences).flatMap(([name, { auc, ap }]) =>
    Object.entries({ "image AUC": auc, "AP at IoU 0.1": ap["0.1"], "AP at IoU 0.5": ap["0.5"] }).map(
      ([figureName, estimate]) => ({
        name: `${name}: ${figureName} ${interval(estimate, true)}`,
        ...estimate,
        group: figureName,
      }),
    ),
  );
  const colors = { "image AUC": "var(--c1)", "AP at IoU 0.1": "var(--c2)", "AP at IoU 0.5": "var(--c3)" };
  return {
    title: "Differences",
    note: "Right of the line the first model is better.",
    body: await figure(
      "differences with intervals",
      intervalPlot(rows, { unit: "difference", reference: 0, colors }),
    ),
  };
}

async function curvesSection({ curves, calibration }: RunReport): Promise<Section> {
  const lines = (pick: (own: RunReport["curves"][string]) => Curve): Line[] =>
    Object.entries(curves).map(([name, own]) => ({ name, points: pick(own) }));
  const unit = [0, 1] as const;
  const parts = [
    await figure(
      "ROC",
      linePlot(
        lines(({ roc }) => roc),
        {
          x: "share of images without lesion called positive",
          y: "share of images with lesion called positive",
          xDomain: unit,
          yDomain: unit,
          diagonal: true,
        },
      ),
    ),
    await figure(
      "FROC",
      linePlot(
        lines(({ froc }) => froc),
        {
          x: "false positives per image",
          y: "share of lesions found",
          xDomain: [0, 4],
          yDomain: unit,
          stepped: true,
        },
      ),
    ),
    await figure(
      "reliability",
      linePlot(
        lines(({ reliability }) => reliability),
        {
          x: "mean score of a bin of images",
          y: "share of them with a lesion",
          xDomain: unit,
          yDomain: unit,
          diagonal: true,
          points: true,
        },
      ),
    ),
  ];
  const table = sortableTable(
    [
      { head: "model", value: ([name]: [string, RunReport["calibration"][string]]) => name },
      {
        head: "expected error",
        value: ([, own]) => own.expectedError,
        text: ([, own]) => digits(own.expectedError),
      },
      { head: "Brier", value: ([, own]) => own.brier, text: ([, own]) => digits(own.brier) },
      {
        head: "best temperature",
        value: ([, own]) => own.temperature,
        text: ([, own]) => own.temperature.toFixed(2),
      },
    ],
    Object.entries(calibration),
  );
  return {
    title: "ROC, FROC, reliability",
    note: "An image's score is its best detection's. On the dashed line of the first plot lies chance, on that of the third a score that is a probability.",
    body: [...parts, table].join("\n"),
  };
}

async function trainingSection({ epochs, warnings }: RunReport): Promise<Section> {
  const tasks = [...new Set(epochs.map(({ task }) => task))];
  const lines = tasks.map(
    (task): Line => ({
      name: task,
      dashed: task.startsWith("predictor_"),
      points: epochs
        .filter((own) => own.task === task)
        .map(({ epoch, validation }) => [epoch, validation] as const),
    }),
  );
  const drawn = await figure(
    "validation losses",
    linePlot(lines, { x: "epoch", y: "validation loss", logarithmicY: true, points: true }),
  );
  const heard =
    warnings.length > 0
      ? `<ul>${warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join("")}</ul>`
      : "<p>No warning was given.</p>";
  return {
    title: "Training",
    note: `Losses on the validation pairs with averaged parameters, from where batch norms use their running statistics on; students' are distances of features, and no detection losses; dashed are predictors.`,
    body: `${drawn}\n${heard}`,
  };
}

function costsSection(costs: RunReport["costs"]): Section {
  type Row = [string, RunReport["costs"][string]];
  return {
    title: "Costs",
    note: "Of an answer to one image: milliseconds are the median over batches, from upload to readback.",
    body: sortableTable<Row>(
      [
        { head: "model", value: ([name]) => name },
        {
          head: "parameters",
          value: ([, own]) => own.parameters,
          text: ([, own]) => own.parameters.toLocaleString("en"),
        },
        {
          head: "MFLOP",
          value: ([, own]) => own.flops / 1e6,
          text: ([, own]) => (own.flops / 1e6).toFixed(0),
        },
        { head: "ms", value: ([, own]) => own.milliseconds, text: ([, own]) => own.milliseconds.toFixed(1) },
      ],
      Object.entries(costs),
    ),
  };
}

async function subgroupSection(subgroups: readonly Subgroup[]): Promise<Section> {
  const [name] = Object.keys(subgroups[0]?.differences ?? {});
  if (!name) return { title: "Subgroups", body: "" };
  const groups = { "ten lesions or more": "var(--c1)", "fewer, which say little": "var(--c6)" };
  const rows = subgroups.map(({ dimension, value, lesions, isSmall, differences }) => ({
    name: `${dimension}: ${value}, ${lesions} lesions, ${interval(differences[name], true)}`,
    ...differences[name],
    group: Object.keys(groups)[Number(isSmall)],
  }));
  return {
    title: "Subgroups",
    note: `${name}: difference of the share of lesions found at one false positive an image, by what the lesions are.`,
    body: await figure("subgroups", intervalPlot(rows, { unit: "difference", reference: 0, colors: groups })),
  };
}

/** The page of a run. */
export async function runPage(report: RunReport): Promise<string> {
  const { summary, subgroups, analysis, distillation, costs, setting } = report;
  const sections: Section[] = [
    { title: "What was run", body: facts(setting) },
    figuresSection(summary),
    ...(Object.keys(summary.differences).length > 0 ? [await differencesSection(summary)] : []),
    await curvesSection(report),
    ...(subgroups && subgroups.length > 0 ? [await subgroupSection(subgroups)] : []),
    ...(analysis
      ? [
          {
            title: "Agreement and features",
            body: `<div class="scroll" tabindex="0"><pre>${escapeHtml(analysis)}</pre></div>`,
          },
        ]
      : []),
    await trainingSection(report),
    costsSection(costs),
    ...(distillation.length > 0
      ? [
          {
            title: "What the student has learned",
            note: "Length of the channels' vector at every place of a level: the teacher's on the FFDM, the student's on the SM, and of their difference, on one scale.",
            body: gallery(distillation),
          },
        ]
      : []),
    ...Object.entries(report.gallery).map(([title, pictures]) => ({ title, body: gallery(pictures) })),
  ];
  return page(report.title, [verdictOf(summary), ...report.notes], sections);
}
