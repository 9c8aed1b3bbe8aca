// Plots as SVG in a page's colours, by Vega-Lite. It is loaded when the first plot is drawn, so that nothing else pays.
import type { TopLevelSpec } from "vega-lite";

/** A plot's inner width in pixels, and whether it is the one for phones. */
export interface Canvas {
  readonly width: number;
  readonly narrow: boolean;
}

/** A Vega-Lite specification for a canvas; colours are the page's: `var(--c1)` to `var(--c6)`, `currentColor`. */
export type Plot = (canvas: Canvas) => Omit<TopLevelSpec, "width" | "config" | "background">;

const fontSize = 12;
const text = {
  labelColor: "currentColor",
  titleColor: "currentColor",
  labelFontSize: fontSize,
  titleFontSize: fontSize,
};

const config = {
  font: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
  view: { stroke: null },
  axis: {
    ...text,
    titleFontWeight: "normal",
    gridColor: "var(--line)",
    domainColor: "var(--faint)",
    tickColor: "var(--faint)",
  },
  legend: { ...text, title: null, orient: "top", symbolType: "square", symbolOpacity: 1 },
  text: { color: "currentColor", fontSize },
  range: { category: [1, 2, 3, 4, 5, 6].map((index) => `var(--c${index})`) },
} as const;

const canvases: Readonly<Record<string, Canvas>> = {
  wide: { width: 1080, narrow: false },
  narrow: { width: 340, narrow: true },
};

/** Width of a character over the size of its font: sans-serif text is a little narrower. */
const characterShare = 0.58;

/** Pixels that a text takes. Vega's own guess, for want of a canvas, is a third too wide. */
function textWidth(item: { fontSize?: number; limit?: number }, text: unknown): number {
  const characters = Array.isArray(text)
    ? Math.max(...text.map(String).map(({ length }) => length))
    : `${text ?? ""}`.length;
  return Math.min(
    characterShare * (item.fontSize ?? 11) * characters,
    item.limit || Number.POSITIVE_INFINITY,
  );
}

async function loadVega() {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  // A hook that the types leave out.
  const { textMetrics } = vega as unknown as { textMetrics: { width: typeof textWidth } };
  textMetrics.width = textWidth;
  return { vega, compile };
}

async function renderSvg(plot: Plot, canvas: Canvas): Promise<string> {
  const { vega, compile } = await loadVega();
  // Axes and legends lie within the width, so that the picture is as wide as its canvas.
  const autosize = { type: "fit-x", contains: "padding" } as const;
  const specification = { ...plot(canvas), width: canvas.width, autosize, config, background: "transparent" };
  const { spec } = compile(specification as TopLevelSpec);
  return new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
}

/** A figure that shows a plot in one of two widths, as the screen is. @param title for who cannot see it. */
export async function figure(title: string, plot: Plot): Promise<string> {
  const pictures = Object.entries(canvases).map(async ([name, canvas]) => {
    const svg = await renderSvg(plot, canvas);
    return svg
      .replace(/^<svg /, `<svg role="img" aria-label="${title}" `)
      .replace('class="marks"', `class="${name}"`);
  });
  return `<figure>\n${(await Promise.all(pictures)).join("\n")}\n</figure>`;
}

/** The axis of named rows in the given order. Stacked: the names stand above what they name, as on phones. */
function rowAxis(names: readonly string[], stacked: boolean) {
  const y = {
    field: "name",
    type: "nominal",
    scale: { domain: names },
    axis: stacked ? null : { title: null, labelLimit: 340, ticks: false, domain: false },
  };
  const layers = stacked
    ? [
        {
          data: { values: names.map((name) => ({ name })) },
          mark: { type: "text", align: "left", dy: -6, limit: { expr: "width" } },
          encoding: { x: { value: 0 }, y, text: { field: "name" } },
        },
      ]
    : [];
  return { y, layers, height: names.length * (stacked ? 36 : 21), yOffset: stacked ? 9 : 0 };
}

/** A bar of one or more parts. */
export interface Bar {
  readonly name: string;
  /** What is written at its end. */
  readonly label: string;
  readonly parts: Readonly<Record<string, number>>;
}

/** Horizontal bars in the given order. */
export function barPlot(bars: readonly Bar[], unit: string): Plot {
  const parts = [...new Set(bars.flatMap((bar) => Object.keys(bar.parts)))];
  const total = ({ parts: of }: Bar) => Object.values(of).reduce((sum, value) => sum + value, 0);
  const longest = Math.max(...bars.map(total));
  const values = bars.flatMap((bar) =>
    parts.map((part) => ({ name: bar.name, part, value: bar.parts[part] ?? 0 })),
  );
  const ends = bars.map((bar) => ({ name: bar.name, label: bar.label, value: total(bar) }));
  const color = {
    field: "part",
    type: "nominal",
    scale: { domain: parts },
    legend: parts.length > 1 ? {} : null,
  };
  return ({ narrow }) => {
    const rows = rowAxis(
      bars.map(({ name }) => name),
      narrow,
    );
    const { y, yOffset, height } = rows;
    // Room for the label at the end of the longest bar.
    const scale = { domain: [0, longest * (narrow ? 1.45 : 1.18)], nice: false };
    const x = { field: "value", type: "quantitative", title: unit, scale };
    const barLayer = {
      data: { values },
      mark: { type: "bar", height: narrow ? 9 : 14, yOffset },
      encoding: { x: { ...x, stack: "zero" }, y, color, order: { field: "part", sort: null } },
    };
    const endLayer = {
      data: { values: ends },
      mark: { type: "text", align: "left", dx: 5, yOffset, color: "var(--faint)" },
      encoding: { x, y, text: { field: "label" } },
    };
    return { height, layer: [barLayer, endLayer, ...rows.layers] } as unknown as TopLevelSpec;
  };
}

/** A value with its interval, as forest plots show it. */
export interface Interval {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly group: string;
}

export interface IntervalOptions {
  readonly unit: string;
  /** Where a line marks no difference. */
  readonly reference: number;
  /** Ratios are seen best on a logarithmic axis. */
  readonly logarithmic?: boolean;
  /** Colours by group, in the legend's order. */
  readonly colors: Readonly<Record<string, string>>;
}

/** Intervals under their names, in the given order. */
export function intervalPlot(intervals: readonly Interval[], options: IntervalOptions): Plot {
  const { unit, reference, logarithmic, colors } = options;
  const type = logarithmic ? "log" : "linear";
  const scale = { type, nice: !logarithmic, ...(logarithmic ? {} : { zero: false }) };
  const rows = rowAxis(
    intervals.map(({ name }) => name),
    true,
  );
  const { y, yOffset, height } = rows;
  const x = { field: "low", type: "quantitative", title: unit, scale };
  const range = Object.values(colors);
  const color = { field: "group", type: "nominal", scale: { domain: Object.keys(colors), range } };
  const data = { values: intervals };
  return () =>
    ({
      height,
      layer: [
        {
          data: { values: [{ low: reference }] },
          mark: { type: "rule", color: "var(--faint)", strokeDash: [4, 4] },
          encoding: { x },
        },
        {
          data,
          mark: { type: "rule", strokeWidth: 2, yOffset, y2Offset: yOffset },
          encoding: { x, x2: { field: "high" }, y, color },
        },
        {
          data,
          mark: { type: "circle", size: 60, opacity: 1, yOffset },
          encoding: { x: { ...x, field: "value" }, y, color },
        },
        ...rows.layers,
      ],
    }) as unknown as TopLevelSpec;
}

/** A filled curve of steps over 0, 1, 2, …, with levels drawn across it. */
export function stepPlot(
  values: readonly number[],
  levels: Readonly<Record<string, number>>,
  [xTitle, yTitle]: readonly [string, string],
): Plot {
  const points = values.map((y, x) => ({ x, y }));
  const lines = Object.entries(levels).map(([name, y]) => ({ name, y }));
  const y = { field: "y", type: "quantitative", title: yTitle };
  return ({ narrow }) =>
    ({
      height: narrow ? 220 : 300,
      layer: [
        {
          data: { values: points },
          mark: { type: "area", interpolate: "step-after", color: "var(--c1)", opacity: 0.75 },
          encoding: { x: { field: "x", type: "quantitative", title: xTitle, scale: { nice: false } }, y },
        },
        {
          data: { values: lines },
          mark: { type: "rule", color: "var(--c2)", strokeDash: [5, 4] },
          encoding: { y },
        },
        {
          data: { values: lines },
          mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3 },
          encoding: { x: { value: 0 }, y, text: { field: "name" } },
        },
      ],
    }) as unknown as TopLevelSpec;
}

/** A named line through points, in the given order. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Around the line, where there are some: as many as points. */
  readonly band?: readonly (readonly [low: number, high: number])[];
  readonly dashed?: boolean;
}

export interface LineOptions {
  readonly x: string;
  readonly y: string;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** From corner to corner, as where chance lies. */
  readonly diagonal?: boolean;
  /** Steps go up before they go right, as of curves over thresholds. */
  readonly stepped?: boolean;
  /** Points are drawn, too, as of few measurements. */
  readonly points?: boolean;
  readonly logarithmicX?: boolean;
  readonly logarithmicY?: boolean;
}

/** Lines in the order of the legend. */
export function linePlot(lines: readonly Line[], options: LineOptions): Plot {
  const { xDomain, yDomain, diagonal, stepped, points, logarithmicX, logarithmicY } = options;
  const values = lines.flatMap(({ name, points: own, band }) =>
    own.map(([x, y], index) => ({ name, x, y, low: band?.[index][0], high: band?.[index][1], index })),
  );
  const colorOf = (narrow: boolean) => ({
    field: "name",
    type: "nominal",
    scale: { domain: lines.map(({ name }) => name) },
    legend: { columns: narrow ? 3 : 8 },
  });
  const dash = {
    condition: {
      test: { field: "name", oneOf: lines.filter(({ dashed }) => dashed).map(({ name }) => name) },
      value: [5, 4],
    },
    value: [1, 0],
  };
  const scaleOf = (domain: readonly [number, number] | undefined, logarithmic = false) => ({
    ...(logarithmic ? { type: "log", nice: false } : { zero: false }),
    ...(domain ? { domain, nice: false } : {}),
  });
  const x = {
    field: "x",
    type: "quantitative",
    title: options.x,
    scale: scaleOf(xDomain, logarithmicX),
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: options.y,
    scale: scaleOf(yDomain, logarithmicY),
  };
  const mark = {
    type: "line",
    interpolate: stepped ? "step-before" : "linear",
    clip: true,
    point: points ?? false,
  };
  return ({ narrow }) => {
    const color = colorOf(narrow);
    return {
      height: narrow ? 300 : 380,
      data: { values },
      layer: [
        ...(diagonal
          ? [
              {
                data: {
                  values: [
                    { x: 0, y: 0 },
                    { x: 1, y: 1 },
                  ],
                },
                mark: { type: "line", color: "var(--faint)", strokeDash: [2, 4] },
                encoding: { x, y },
              },
            ]
          : []),
        ...(lines.some(({ band }) => band)
          ? [
              {
                mark: { type: "area", opacity: 0.15 },
                encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
              },
            ]
          : []),
        { mark, encoding: { x, y, color, strokeDash: dash, order: { field: "index" } } },
      ],
    } as unknown as TopLevelSpec;
  };
}
