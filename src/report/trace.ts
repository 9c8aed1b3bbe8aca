// A program's timing in the Trace Event Format, which Perfetto, chrome://tracing and speedscope open.
import type { ProgramTiming } from "../engine/profiler.ts";
import { layerOf, shapeOf } from "./breakdown.ts";

/** Rows of the trace: one process, a thread for each. */
const rowNames = { dispatches: 1, layers: 2, host: 3 } as const;

type Row = keyof typeof rowNames;

/** A complete event; times in microseconds. */
const slice = (row: Row, name: string, start: number, end: number, args: object = {}) => ({
  name,
  cat: row,
  ph: "X",
  ts: start,
  dur: end - start,
  pid: 1,
  tid: rowNames[row],
  args,
});

const named = (name: string, tid: number, value: string) => ({
  name,
  ph: "M",
  ts: 0,
  pid: 1,
  tid,
  args: { name: value },
});

/** Neighbouring dispatches of one layer as one slice. */
function layerSlices({ dispatches }: ProgramTiming) {
  const runs: { layer: string; start: number; end: number; count: number }[] = [];
  for (const { label, start, end } of dispatches) {
    const layer = layerOf(label);
    const last = runs[runs.length - 1];
    if (last?.layer === layer) {
      last.end = end;
      last.count++;
    } else runs.push({ layer, start, end, count: 1 });
  }
  return runs.map(({ layer, start, end, count }) =>
    slice("layers", layer, start / 1000, end / 1000, { dispatches: count }),
  );
}

/** The host's part of an ordinary run, the median one. It has a clock of its own: its 0 is not the adapter's. */
function hostSlices({ run }: ProgramTiming) {
  const [encoded, submitted, wall] = [run.encode, run.encode + run.submit, run.wall].map((ms) => 1000 * ms);
  return [
    slice("host", "encode", 0, encoded),
    slice("host", "submit", encoded, submitted),
    slice("host", "wait for outputs", submitted, wall),
  ];
}

/** The last run that was timed one by one, live memory as a counter, and the host's part of an ordinary run. */
export function traceOf(timing: ProgramTiming): string {
  const { name, dispatches } = timing;
  const slices = dispatches.map(({ label, kernel, variant, cost, parameters, workgroups, start, end }) =>
    slice("dispatches", `${kernel}/${variant}`, start / 1000, end / 1000, {
      label,
      shape: shapeOf(parameters),
      workgroups: workgroups.join("x"),
      ...cost,
    }),
  );
  const counters = dispatches.map(({ start, liveBytes }) => ({
    name: "live transients",
    ph: "C",
    ts: start / 1000,
    pid: 1,
    args: { bytes: liveBytes },
  }));
  const names = [
    named("process_name", 0, name),
    named("thread_name", rowNames.dispatches, "dispatches, timed one by one"),
    named("thread_name", rowNames.layers, "layers"),
    named("thread_name", rowNames.host, "host, an ordinary run"),
  ];
  const traceEvents = [...names, ...slices, ...layerSlices(timing), ...hostSlices(timing), ...counters];
  return JSON.stringify({ traceEvents, displayTimeUnit: "ns" });
}
