// A program's timing in the Trace Event Format, which Perfetto, chrome://tracing and speedscope open.
import type { ProgramTiming } from "../engine/profiler.ts";
import { layerOf, shapeOf } from "./breakdown.ts";

/** Rows of the trace: one process, a thread for each. */
const threads = { adapter: 1, host: 2 } as const;

/** A complete event; times in microseconds. */
const slice = (row: keyof typeof threads, name: string, start: number, end: number, args: object = {}) => ({
  name,
  cat: row,
  ph: "X",
  ts: start,
  dur: end - start,
  pid: 1,
  tid: threads[row],
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

/**
 * Dispatches below slices of the layers that neighbours share. Viewers want slices of a row to follow each other, so one
 * that an adapter starts before the last one ended is drawn from that end on.
 */
function adapterSlices({ dispatches }: ProgramTiming) {
  const slices: ReturnType<typeof slice>[] = [];
  let layer: { name: string; ts: number; dur: number } | undefined;
  let free = 0;
  for (const { label, kernel, variant, cost, parameters, workgroups, nanoseconds, ...times } of dispatches) {
    const start = Math.max(times.start / 1000, free);
    const end = Math.max(times.end / 1000, start);
    free = end;
    const name = layerOf(label);
    if (layer?.name === name) layer.dur = end - layer.ts;
    else slices.push((layer = slice("adapter", name, start, end)));
    const facts = {
      label,
      shape: shapeOf(parameters),
      workgroups: workgroups.join("x"),
      nanoseconds,
      ...cost,
    };
    slices.push(slice("adapter", `${kernel}/${variant}`, start, end, facts));
  }
  return slices;
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
  const counters = dispatches.map(({ start, liveBytes }) => ({
    name: "live transients",
    ph: "C",
    ts: start / 1000,
    pid: 1,
    args: { bytes: liveBytes },
  }));
  const names = [
    named("process_name", 0, name),
    named("thread_name", threads.adapter, "adapter, dispatches timed one by one"),
    named("thread_name", threads.host, "host, an ordinary run"),
  ];
  const traceEvents = [...names, ...adapterSlices(timing), ...hostSlices(timing), ...counters];
  return JSON.stringify({ traceEvents, displayTimeUnit: "ns" });
}
