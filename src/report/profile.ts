// A program's timing as text for a terminal and as a trace for a viewer.
import type { DispatchTiming, ProgramTiming } from "../engine/profiler.ts";

interface Group {
  name: string;
  count: number;
  nanoseconds: number;
  flops: number;
  bytes: number;
}

/** Sums of the dispatches that share a key, slowest first. */
function groupBy(dispatches: readonly DispatchTiming[], key: (dispatch: DispatchTiming) => string): Group[] {
  const groups = new Map<string, Group>();
  for (const dispatch of dispatches) {
    const name = key(dispatch);
    const group = groups.get(name) ?? { name, count: 0, nanoseconds: 0, flops: 0, bytes: 0 };
    group.count++;
    group.nanoseconds += dispatch.nanoseconds;
    group.flops += dispatch.cost.flops;
    group.bytes += dispatch.cost.bytesRead + dispatch.cost.bytesWritten;
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.nanoseconds - a.nanoseconds);
}

/** "∇ module_a backbone.blocks.1.0.conv_dw depthwiseConv2d …" → "backbone.blocks.1". */
export function layerOf(label: string): string {
  const words = label.replaceAll("∇ ", "").split(" ");
  const path = words.find((word) => word.includes(".")) ?? words.slice(0, 2).join(" ");
  return path.split(".").slice(0, 3).join(".");
}

function renderGroups(title: string, groups: readonly Group[], total: number, most: number): string {
  const width = Math.max(title.length, ...groups.slice(0, most).map(({ name }) => name.length));
  const rows = groups
    .slice(0, most)
    .map(({ name, count, nanoseconds, flops, bytes }) =>
      [
        name.padEnd(width),
        (nanoseconds / 1e6).toFixed(2).padStart(9),
        `${((100 * nanoseconds) / total).toFixed(1)}%`.padStart(7),
        String(count).padStart(6),
        (flops / nanoseconds).toFixed(2).padStart(9),
        (bytes / nanoseconds).toFixed(2).padStart(8),
      ].join(" "),
    );
  const rest = groups.length > most ? [`… and ${groups.length - most} more`] : [];
  return [`${title.padEnd(width)}        ms   share  count  GFLOP/s    GB/s`, ...rows, ...rest].join("\n");
}

/** Time by kernel, by layer, and what lies between the dispatches. */
export function renderProfile({ dispatches, encodeMilliseconds, wallMilliseconds }: ProgramTiming): string {
  const total = dispatches.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
  const gpu = total / 1e6;
  const encode = (1000 * encodeMilliseconds) / dispatches.length;
  return [
    `${dispatches.length} dispatches take ${gpu.toFixed(2)} ms one by one; a run takes ${wallMilliseconds.toFixed(2)} ms, of which the host encodes for ${encodeMilliseconds.toFixed(2)} ms (${encode.toFixed(1)} us a dispatch)`,
    renderGroups(
      "kernel/variant",
      groupBy(dispatches, ({ kernel, variant }) => `${kernel}/${variant}`),
      total,
      20,
    ),
    renderGroups(
      "layer",
      groupBy(dispatches, ({ label }) => layerOf(label)),
      total,
      20,
    ),
  ].join("\n\n");
}

/** The last run as a trace that Perfetto and chrome://tracing open. Times are in microseconds. */
export function traceOf({ dispatches }: ProgramTiming): string {
  const events = dispatches.map(({ label, kernel, variant, cost, nanoseconds, start }) => ({
    name: `${kernel}/${variant}`,
    cat: layerOf(label),
    ph: "X",
    ts: start / 1000,
    dur: nanoseconds / 1000,
    pid: 1,
    tid: 1,
    args: { label, ...cost },
  }));
  return JSON.stringify({ traceEvents: events, displayTimeUnit: "ns" });
}
