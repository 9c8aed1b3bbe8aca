// What a timing says about each dispatch, and about the dispatches that share a kernel or a layer.
import { registry } from "../../kernels/registry.ts";
import type { CeilingRates } from "../engine/ceilings.ts";
import type { DispatchTiming, ProgramTiming } from "../engine/profiler.ts";

export interface Work {
  readonly nanoseconds: number;
  readonly flops: number;
  readonly bytes: number;
  /** The least time that the ceilings allow for it, dispatch by dispatch. */
  readonly roofline: number;
}

export interface DispatchRow extends Work {
  readonly index: number;
  readonly kernel: string;
  readonly layer: string;
  readonly backward: boolean;
  readonly label: string;
  /** The kernel's parameters: "batch 4, inputs 16, …". */
  readonly shape: string;
  readonly liveBytes: number;
}

export interface Group extends Work {
  readonly name: string;
  readonly count: number;
  /** Nanoseconds in gradients of it. */
  readonly backward: number;
}

const kernelNames: ReadonlySet<string> = new Set(registry.map(({ name }) => name));

/**
 * Module and path, cut after three names: "∇ module_a backbone.blocks.1.0.conv_dw depthwiseConv2d" is
 * "module_a backbone.blocks.1". What has no path goes by its scope.
 */
export function layerOf(label: string): string {
  const words = label
    .replaceAll("∇ ", "")
    .split(" ")
    .filter((word) => !kernelNames.has(word.split(".")[0]));
  const path = words.find((word) => word.includes("."));
  if (!path) return words.join(" ") || "between layers";
  return [...words.slice(0, Math.min(1, words.indexOf(path))), path.split(".").slice(0, 3).join(".")].join(
    " ",
  );
}

const isBackward = (label: string): boolean => label.includes("∇");

/** Least nanoseconds for so much arithmetic and traffic. */
export const rooflineTime = (flops: number, bytes: number, ceilings: CeilingRates): number =>
  1e9 * Math.max(flops / ceilings.flopsPerSecond, bytes / ceilings.copyBytesPerSecond);

/** Flags only where they are set. */
export const shapeOf = (parameters: DispatchTiming["parameters"]): string =>
  Object.entries(parameters)
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(", ");

export function dispatchRows({ dispatches }: ProgramTiming, ceilings: CeilingRates): DispatchRow[] {
  return dispatches.map(({ label, kernel, variant, parameters, cost, nanoseconds, liveBytes }, index) => {
    const bytes = cost.bytesRead + cost.bytesWritten;
    return {
      index,
      kernel: `${kernel}/${variant}`,
      layer: layerOf(label),
      backward: isBackward(label),
      label,
      shape: shapeOf(parameters),
      liveBytes,
      nanoseconds,
      flops: cost.flops,
      bytes,
      roofline: rooflineTime(cost.flops, bytes, ceilings),
    };
  });
}

/** Sums of the dispatches that share a key, slowest first. */
export function groupBy(rows: readonly DispatchRow[], key: (row: DispatchRow) => string): Group[] {
  const groups = new Map<string, { -readonly [Field in keyof Group]: Group[Field] }>();
  for (const row of rows) {
    const name = key(row);
    const empty = { name, count: 0, backward: 0, nanoseconds: 0, flops: 0, bytes: 0, roofline: 0 };
    const group = groups.get(name) ?? empty;
    group.count++;
    if (row.backward) group.backward += row.nanoseconds;
    for (const figure of ["nanoseconds", "flops", "bytes", "roofline"] as const) group[figure] += row[figure];
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.nanoseconds - a.nanoseconds);
}

export const gflops = ({ flops, nanoseconds }: Work): number => flops / nanoseconds;
export const gigabytesPerSecond = ({ bytes, nanoseconds }: Work): number => bytes / nanoseconds;
/** The least time that the ceilings allow over the measured one; above 1 where caches beat the copy. */
export const ceilingShare = ({ roofline, nanoseconds }: Work): number => roofline / nanoseconds;

/** Where a run's time goes, in milliseconds. */
export function runBudget({ dispatches, run }: ProgramTiming) {
  const sum = dispatches.reduce((total, { nanoseconds }) => total + nanoseconds, 0) / 1e6;
  const between = dispatches
    .slice(1)
    .reduce((total, { start }, index) => total + start - dispatches[index].end, 0);
  return {
    ...run,
    /** All dispatches one by one. */
    sum,
    /** The pass beyond its dispatches: barriers and launches. Negative where dispatches overlap. */
    gaps: run.pass - sum,
    /** The wall beyond encoding and the pass: starting, and reading the outputs back. */
    rest: run.wall - run.encode - run.pass,
    /** Idle between one dispatch and the next in the run that was timed one by one. */
    between: between / 1e6,
  };
}
