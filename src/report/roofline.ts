// The roofline plot: arithmetic rate over intensity, both by powers of ten, under what the adapter was measured to do.
import type { TopLevelSpec } from "vega-lite";
import type { CeilingRates } from "../engine/ceilings.ts";
import type { Plot } from "./plots.ts";

export interface Dot {
  readonly name: string;
  readonly flops: number;
  readonly bytes: number;
  readonly nanoseconds: number;
  /** Area of the dot, and which names are written where they would overlap. */
  readonly weight: number;
  /** Colour, with an entry in the legend. */
  readonly group?: string;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Pixels of a value on a logarithmic axis, and back. */
const pixelsOf = (value: number, { low, high }: Range, pixels: number): number =>
  (pixels * Math.log(value / low)) / Math.log(high / low);
const valueAt = (position: number, { low, high }: Range, pixels: number): number =>
  low * (high / low) ** (position / pixels);

/** The middle of a name. */
interface Placed {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly weight: number;
  /** In pixels. */
  readonly radius: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const apart = (a: Box, b: Box): boolean =>
  a.right <= b.left || b.right <= a.left || a.top <= b.bottom || b.top <= a.bottom;

const boxAround = (column: number, row: number, width: number, height: number): Box => ({
  left: column - width / 2,
  right: column + width / 2,
  bottom: row - height / 2,
  top: row + height / 2,
});

/** The middle of a name to the right, to the left, above and below its dot. */
function places({ column, row, radius }: { column: number; row: number; radius: number }, length: number) {
  const aside = radius + 4 + length / 2;
  return [
    [column + aside, row],
    [column - aside, row],
    [column, row + radius + 8],
    [column, row - radius - 8],
  ];
}

/** Names of the weightiest dots beside them, as long as none overlaps another or a dot. */
function placeNames(
  points: readonly Point[],
  [width, height]: readonly [number, number],
  [xRange, yRange]: readonly [Range, Range],
  most: number,
): Placed[] {
  const at = points.map((point) => ({
    ...point,
    column: pixelsOf(point.x, xRange, width),
    row: pixelsOf(point.y, yRange, height),
  }));
  const taken = at.map(({ column, row, radius }) => boxAround(column, row, 2 * radius, 2 * radius));
  const placed: Placed[] = [];
  for (const point of [...at].sort((a, b) => b.weight - a.weight)) {
    const { name } = point;
    if (placed.length === most) break;
    if (placed.some((other) => other.name === name)) continue;
    const length = characterWidth * name.length;
    const free = places(point, length).find(([column, row]) => {
      const box = boxAround(column, row, length, 13);
      return box.left > 0 && box.right < width && taken.every((other) => apart(box, other));
    });
    if (!free) continue;
    taken.push(boxAround(free[0], free[1], length, 13));
    placed.push({ name, x: valueAt(free[0], xRange, width), y: valueAt(free[1], yRange, height) });
  }
  return placed;
}

/** Of the names, in pixels, at most. */
const characterWidth = 6.1;
/** Areas of dots, in square pixels. */
const [smallest, largest] = [25, 450];
/** Its labels and title: fixed, so that names can be placed before the plot is drawn. */
const yAxisWidth = 65;

const powerBelow = (value: number): number => 10 ** Math.floor(Math.log10(value));
const powerAbove = (value: number): number => 10 ** Math.ceil(Math.log10(value));

/** Dots that do arithmetic; a copy has no place on a logarithmic axis. */
export const drawable = (dots: readonly Dot[]): Dot[] => dots.filter(({ flops }) => flops > 0);

/** Most names that are written. */
const mostNames = { wide: 14, narrow: 7 };

/** @param colors of the groups, in the legend's order. */
export function rooflinePlot(
  dots: readonly Dot[],
  ceilings: CeilingRates,
  colors: Readonly<Record<string, string>> = {},
): Plot {
  const [peak, bandwidth] = [ceilings.flopsPerSecond / 1e9, ceilings.copyBytesPerSecond / 1e9];
  const points = drawable(dots).map((dot) => ({
    ...dot,
    x: dot.flops / dot.bytes,
    y: dot.flops / dot.nanoseconds,
    says: `${dot.name}: ${(dot.flops / dot.nanoseconds).toFixed(2)} GFLOP/s, ${(dot.bytes / dot.nanoseconds).toFixed(2)} GB/s, ${(dot.nanoseconds / 1e6).toFixed(3)} ms`,
  }));
  const heaviest = Math.max(...points.map(({ weight }) => weight));
  const ridge = peak / bandwidth;
  const xs = [...points.map(({ x }) => x), ridge];
  const ys = [...points.map(({ y }) => y), peak];
  const xRange = { low: powerBelow(Math.min(...xs)), high: powerAbove(Math.max(...xs)) };
  const yRange = { low: powerBelow(Math.min(...ys)), high: powerAbove(Math.max(...ys)) };
  const start = Math.max(xRange.low, yRange.low / bandwidth);
  const roof = [
    { x: start, y: start * bandwidth },
    { x: ridge, y: peak },
    { x: xRange.high, y: peak },
  ];
  const groups = Object.keys(colors);
  const color = {
    field: "group",
    type: "nominal",
    scale: { domain: groups, range: Object.values(colors) },
  };
  const scale = ({ low, high }: Range) => ({ type: "log", domain: [low, high], nice: false });
  // Thirds of the way along each part of the roof.
  const roofNames = [
    {
      name: `${bandwidth.toFixed(1)} GB/s copied`,
      x: Math.sqrt(start * ridge),
      y: bandwidth * Math.sqrt(start * ridge),
      side: "right",
    },
    { name: `${peak.toFixed(1)} GFLOP/s`, x: xRange.high, y: peak, side: "right" },
  ];
  return ({ width, narrow }) => {
    const height = narrow ? 340 : 460;
    const axis = (title: string) => ({ title, format: "~g", tickCount: 5, labelOverlap: true });
    const encoding = {
      x: { field: "x", type: "quantitative", scale: scale(xRange), axis: axis("FLOP a byte") },
      y: {
        field: "y",
        type: "quantitative",
        scale: scale(yRange),
        axis: { ...axis("GFLOP/s"), minExtent: yAxisWidth - 20, maxExtent: yAxisWidth - 20 },
      },
    };
    const sized = points.map((point) => {
      const area = smallest + (largest - smallest) * (point.weight / heaviest);
      return { ...point, area, radius: Math.sqrt(area / Math.PI) };
    });
    const inner = width - yAxisWidth - 20;
    const names = placeNames(
      sized,
      [inner, height],
      [xRange, yRange],
      narrow ? mostNames.narrow : mostNames.wide,
    );
    return {
      height,
      layer: [
        { data: { values: roof }, mark: { type: "line", color: "var(--c2)", strokeWidth: 2 }, encoding },
        {
          data: { values: roofNames },
          mark: { type: "text", align: "right", baseline: "bottom", dx: -4, dy: -4, color: "var(--c2)" },
          encoding: { ...encoding, text: { field: "name" } },
        },
        {
          data: { values: sized },
          mark: { type: "circle", opacity: 0.75, color: "var(--c1)" },
          encoding: {
            ...encoding,
            size: { field: "area", type: "quantitative", scale: null, legend: null },
            ...(groups.length > 0 ? { color } : {}),
            description: { field: "says" },
          },
        },
        {
          data: { values: names },
          mark: { type: "text", fontSize: 11 },
          encoding: { ...encoding, text: { field: "name" } },
        },
      ],
    } as unknown as TopLevelSpec;
  };
}
