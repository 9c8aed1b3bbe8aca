// A data set's card: what is in a manifest, and what was wrong with where it came from.
import { type Box, boxArea } from "../../base/boxes.ts";
import type { FinishedRow } from "./finish.ts";
import type { Problems } from "./imported.ts";

export interface DatasetCard {
  readonly kind: string;
  readonly images: number;
  readonly patients: number;
  readonly withLesions: number;
  readonly lesions: number;
  /** Rows by what the column says. */
  readonly by: Readonly<Record<"split" | "side" | "view" | "density", Readonly<Record<string, Group>>>>;
  readonly lesionTypes: Readonly<Record<string, number>>;
  /** Quartiles of a box's geometric mean side. */
  readonly boxPixels: Quartiles | null;
  /** Of those whose image says how large a pixel is. */
  readonly boxMm: Quartiles | null;
  readonly problems: Problems["list"];
}

interface Group {
  readonly images: number;
  readonly withLesions: number;
  readonly patients: number;
}

type Quartiles = readonly [least: number, lower: number, median: number, upper: number, most: number];

function quartiles(values: readonly number[]): Quartiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return [0, 0.25, 0.5, 0.75, 1].map(
    (share) => sorted[Math.round(share * (sorted.length - 1))],
  ) as unknown as Quartiles;
}

function groupsBy(rows: readonly FinishedRow[], of: (row: FinishedRow) => string): Record<string, Group> {
  const groups = new Map<string, FinishedRow[]>();
  for (const row of rows) groups.set(of(row), [...(groups.get(of(row)) ?? []), row]);
  const counted = [...groups].map(([name, own]) => [
    name,
    {
      images: own.length,
      withLesions: own.filter(({ labels }) => labels.length > 0).length,
      patients: new Set(own.map(({ patient }) => patient)).size,
    },
  ]);
  return Object.fromEntries(counted.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Boxes of the half that a row has, the SM's before the FFDM's. */
const boxesOf = ({ sm, smBoxes, ffdmBoxes }: FinishedRow): readonly Box[] => (sm ? smBoxes : ffdmBoxes);

export function cardOf(kind: string, rows: readonly FinishedRow[], problems: Problems): DatasetCard {
  const sides = rows.flatMap((row) =>
    boxesOf(row).map((box) => ({ pixels: Math.sqrt(boxArea(box)), spacing: row.spacing })),
  );
  const types: Record<string, number> = {};
  for (const label of rows.flatMap(({ labels }) => labels)) types[label] = (types[label] ?? 0) + 1;
  return {
    kind,
    images: rows.length,
    patients: new Set(rows.map(({ patient }) => patient)).size,
    withLesions: rows.filter(({ labels }) => labels.length > 0).length,
    lesions: sides.length,
    by: {
      split: groupsBy(rows, ({ split }) => split),
      side: groupsBy(rows, ({ side }) => side),
      view: groupsBy(rows, ({ view }) => view || "not said"),
      density: groupsBy(rows, ({ density }) => density || "not said"),
    },
    lesionTypes: types,
    boxPixels: quartiles(sides.map(({ pixels }) => pixels)),
    boxMm: quartiles(sides.flatMap(({ pixels, spacing }) => (spacing ? [pixels * spacing] : []))),
    problems: problems.list,
  };
}

const table = (heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] => [
  `| ${heading.join(" | ")} |`,
  `|${" --- |".repeat(heading.length)}`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
];

/** The card as Markdown, which reads well in a terminal, too. */
export function renderCard(card: DatasetCard): string {
  const groups = Object.entries(card.by).flatMap(([column, entries]) =>
    Object.entries(entries).map(([name, { images, withLesions, patients }]) => [
      column,
      name,
      images,
      withLesions,
      patients,
    ]),
  );
  const sizes = [
    ["pixels", card.boxPixels],
    ["mm", card.boxMm],
  ] as const;
  return [
    `# ${card.kind}: ${card.images} rows of ${card.patients} patients`,
    "",
    `${card.withLesions} rows with lesions, ${card.lesions} lesions: ${Object.entries(card.lesionTypes)
      .map(([type, count]) => `${count} ${type}`)
      .join(", ")}`,
    "",
    ...table(["", "", "rows", "with lesions", "patients"], groups),
    "",
    ...table(
      ["box side", "least", "lower quartile", "median", "upper quartile", "most"],
      sizes.flatMap(([unit, values]) => (values ? [[unit, ...values.map((value) => value.toFixed(1))]] : [])),
    ),
    "",
    ...(card.problems.length === 0
      ? ["No problems were found."]
      : [
          "Problems:",
          "",
          ...card.problems.map(
            ({ kind, count, examples }) => `- ${count} ${kind}, as in ${examples.join("; ")}`,
          ),
        ]),
    "",
  ].join("\n");
}
