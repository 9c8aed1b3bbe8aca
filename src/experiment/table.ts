// An experiment's results as aligned plain text for a terminal.
import type { SeededComparison, SeededFigure } from "../evaluate/overSeeds.ts";
import { align, digits } from "../evaluate/summaryTable.ts";
import type { ExperimentSummary } from "./summary.ts";

/** Figures that the table has room for; experiment.json has all. */
const shown = ["image AUC", "AP at IoU 0.1", "sensitivity at 1"];

const cell = ({ mean, low, high }: SeededFigure, signed = false): string =>
  `${digits(mean, signed)} [${digits(low, signed)}, ${digits(high, signed)}]`;

const probability = (p: number): string => (p < 0.001 ? "<0.001" : p.toFixed(3));

function comparisonRow({ first, second, figure, difference, p, adjustedP }: SeededComparison): string[] {
  return [
    `${first} - ${second}`,
    figure,
    cell(difference, true),
    digits(difference.seedDeviation, false),
    digits(difference.patientDeviation, false),
    probability(p),
    probability(adjustedP),
  ];
}

/** Two blocks: figures and costs of every row, then the comparisons. */
export function renderExperiment({ question, method, seeds, rows, comparisons }: ExperimentSummary): string {
  const { images, patients, resamples } = method;
  return [
    question,
    `${images} images of ${patients} patients; means over ${seeds.length} trainings, with 95 % intervals over`,
    `${resamples.toLocaleString("en")} resamples of patients and trainings.`,
    "",
    ...align([
      ["", ...shown, "parameters", "MFLOP", "ms/image", "training s"],
      ...rows.map(({ name, figures, parameters, flops, inferenceMilliseconds, trainingSeconds }) => [
        name,
        ...shown.map((figure) => cell(figures[figure])),
        parameters.toLocaleString("en"),
        (flops / 1e6).toFixed(0),
        inferenceMilliseconds.toFixed(1),
        trainingSeconds.toFixed(0),
      ]),
    ]),
    ...(comparisons.length === 0
      ? []
      : [
          "",
          "Differences; their standard deviation from training to training and from test set to test set; p two-sided, by the",
          "resamples, and after Holm's correction over all lines",
          ...align([
            ["", "figure", "difference", "trainings", "patients", "p", "Holm"],
            ...comparisons.map(comparisonRow),
          ]),
        ]),
  ].join("\n");
}
