// The summary as aligned plain text for a terminal, at most 120 columns wide with names of up to 20 characters.
import { confidence } from "./bootstrap.ts";
import type { Estimate, Figures, Summary } from "./summary.ts";

/** Three decimals; differences carry their sign. */
export function digits(value: number, signed: boolean): string {
  if (Number.isNaN(value)) return "n/a";
  return (signed && value >= 0 ? "+" : "") + value.toFixed(3);
}

function cell({ value, low, high }: Estimate, signed: boolean): string {
  if (Number.isNaN(value)) return "n/a";
  return `${digits(value, signed)} [${digits(low, signed)}, ${digits(high, signed)}]`;
}

/** Pads every column to its widest cell: the first to the left, the others to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])))
      .join("  ")
      .trimEnd(),
  );
}

/** One block: its heading, a row a model, a row a difference. */
function block(summary: Summary, heading: string[], columns: (figures: Figures) => Estimate[]): string[] {
  const rowsOf = (figures: Readonly<Record<string, Figures>>, signed: boolean) =>
    Object.entries(figures).map(([name, entry]) => [
      name,
      ...columns(entry).map((figure) => cell(figure, signed)),
    ]);
  return align([heading, ...rowsOf(summary.models, false), ...rowsOf(summary.differences, true)]);
}

/** What a terminal has room for; results.json has all. */
const shown = { thresholds: ["0.1", "0.5"], mostRate: 2 };

/** Two blocks of lines: AUC and average precisions, then the sensitivities, each with its 95 % interval. */
export function renderSummary(summary: Summary): string {
  const { patients, images, imagesWithLesion, resamples, frocRule } = summary.method;
  const [{ ap, froc }] = Object.values(summary.models);
  const thresholds = Object.keys(ap).filter((iou) => shown.thresholds.includes(iou));
  const rates = froc.filter(({ falsePositivesPerImage }) => falsePositivesPerImage <= shown.mostRate);
  return [
    `${images} images of ${patients} patients, ${imagesWithLesion} images with a lesion. In brackets ${100 * confidence} % intervals over`,
    `${resamples.toLocaleString("en")} resamples of the patients, the same for all models.`,
    "",
    ...block(summary, ["", "image AUC", ...thresholds.map((iou) => `AP at IoU ${iou}`)], (figures) => [
      figures.auc,
      ...thresholds.map((iou) => figures.ap[iou]),
    ]),
    "",
    `Share of lesions found (${frocRule}) at so many false positives an image`,
    ...block(
      summary,
      ["", ...rates.map(({ falsePositivesPerImage }) => String(falsePositivesPerImage))],
      (figures) =>
        figures.froc
          .slice(0, rates.length)
          .map(({ sensitivity, low, high }) => ({ value: sensitivity, low, high })),
    ),
  ].join("\n");
}
