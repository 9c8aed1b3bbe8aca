// A program's timing as a page.
import type { CeilingRates } from "../engine/ceilings.ts";
import { megabytes, summarizePlan } from "../engine/plan.ts";
import type { ProgramTiming } from "../engine/profiler.ts";
import {
  ceilingShare,
  type DispatchRow,
  dispatchRows,
  type Group,
  gflops,
  gigabytesPerSecond,
  groupBy,
  runBudget,
} from "./breakdown.ts";
import { type Column, facts, page, type Section, sortableTable } from "./page.ts";
import { type Bar, barPlot, figure, stepPlot } from "./plots.ts";
import { drawable, rooflinePlot } from "./roofline.ts";

const milliseconds = (value: number): string => `${value.toFixed(3)} ms`;

/** Bars drawn; what is left is one more. */
const mostBars = 25;

function timeBars(groups: readonly Group[]): Bar[] {
  const total = groups.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
  const bar = (name: string, parts: readonly Group[]): Bar => {
    const sum = (figure: "nanoseconds" | "backward") =>
      parts.reduce((all, part) => all + part[figure], 0) / 1e6;
    const [all, backward] = [sum("nanoseconds"), sum("backward")];
    return {
      name,
      label: `${all.toFixed(2)} ms, ${((1e8 * all) / total).toFixed(1)}%`,
      parts: {
        forward: all - backward,
        ...(groups.some((group) => group.backward > 0) ? { gradients: backward } : {}),
      },
    };
  };
  const bars = groups.slice(0, mostBars).map((group) => bar(group.name, [group]));
  const others = groups.slice(mostBars);
  return others.length > 0 ? [...bars, bar(`${others.length} others`, others)] : bars;
}

function budgetSection(timing: ProgramTiming): Section {
  const budget = runBudget(timing);
  return {
    title: "An ordinary run",
    note: `All dispatches in one submit, the run with the median wall time of ${timing.runs}. Wall is encoding, the adapter's pass by its timestamps, and the rest: starting, and reading the outputs back; the call that submits may overlap the pass. Gaps are the pass beyond the sum of its dispatches, which are timed one by one; below 0 where dispatches overlap.`,
    body: facts([
      ["wall", milliseconds(budget.wall)],
      ["host encodes", milliseconds(budget.encode)],
      ["a dispatch", `${((1000 * budget.encode) / timing.dispatches.length).toFixed(1)} us`],
      ["adapter's pass", milliseconds(budget.pass)],
      ["rest", milliseconds(budget.rest)],
      ["submit call", milliseconds(budget.submit)],
      ["sum of dispatches", milliseconds(budget.sum)],
      ["gaps", milliseconds(budget.gaps)],
    ]),
  };
}

async function rooflineSection(kernels: readonly Group[], ceilings: CeilingRates): Promise<Section> {
  const dots = kernels.map((group) => ({ ...group, weight: group.nanoseconds }));
  const undrawn = dots.length - drawable(dots).length;
  return {
    title: "Roofline",
    note: `One dot a kernel and variant, its area by its time. The line is what this adapter was measured to do just before: the copy's bandwidth, and multiply-adds in registers. Dots above it work out of caches.${undrawn > 0 ? ` ${undrawn} kernels do no arithmetic and are in the table alone.` : ""}`,
    body: await figure("roofline", rooflinePlot(dots, ceilings)),
  };
}

async function memorySection({ plan, dispatches }: ProgramTiming): Promise<Section> {
  const summary = summarizePlan(plan);
  const mebi = (bytes: number) => bytes / 2 ** 20;
  const live = dispatches.map(({ liveBytes }) => mebi(liveBytes));
  const levels = {
    [`${megabytes(summary.transientBytes)} in ${plan.slots.length} buffers`]: mebi(summary.transientBytes),
  };
  const at = plan.operations[plan.peak.operation];
  return {
    title: "Memory over the step",
    note: `Activations and gradients alive at each dispatch, over the buffers that they take turns in. The peak, ${megabytes(plan.peak.bytes)}, is at dispatch ${plan.peak.operation}${at ? `, ${at.label}` : ""}. Parameters and state take another ${megabytes(summary.persistentBytes)}, inputs and constants ${megabytes(summary.hostBytes)}.`,
    body: await figure("memory over the step", stepPlot(live, levels, ["dispatch", "MiB"])),
  };
}

const dispatchColumns: readonly Column<DispatchRow>[] = [
  { head: "#", hint: "order in the program", value: ({ index }) => index },
  {
    head: "ms",
    value: ({ nanoseconds }) => nanoseconds / 1e6,
    text: (row) => (row.nanoseconds / 1e6).toFixed(3),
  },
  {
    head: "ceiling",
    hint: "least time that the measured ceilings allow, over the time it took",
    value: ceilingShare,
    text: (row) => `${(100 * ceilingShare(row)).toFixed(0)}%`,
  },
  { head: "kernel/variant", value: ({ kernel }) => kernel },
  { head: "GFLOP/s", value: gflops, text: (row) => gflops(row).toFixed(2) },
  { head: "GB/s", value: gigabytesPerSecond, text: (row) => gigabytesPerSecond(row).toFixed(2) },
  {
    head: "live",
    hint: "activations and gradients",
    value: ({ liveBytes }) => liveBytes,
    text: (row) => megabytes(row.liveBytes),
  },
  { head: "layer", value: ({ layer }) => layer },
  { head: "label", value: ({ label }) => label },
  { head: "shape", value: ({ shape }) => shape },
];

/** A self-contained HTML page. @param adapter how the adapter describes itself. */
export async function profilePage(
  timing: ProgramTiming,
  ceilings: CeilingRates,
  adapter: string,
): Promise<string> {
  const rows = dispatchRows(timing, ceilings);
  const layers = groupBy(rows, ({ layer }) => layer);
  const kernels = groupBy(rows, ({ kernel }) => kernel);
  const summary = summarizePlan(timing.plan);
  const notes = [
    adapter,
    `${summary.dispatches} dispatches, ${(summary.flops / 1e9).toFixed(3)} GFLOP, reads ${megabytes(summary.bytesRead)}, writes ${megabytes(summary.bytesWritten)}, memory ${megabytes(summary.totalBytes)}.`,
  ];
  const timed = "Each dispatch timed alone by the adapter's timestamps, median over the runs.";
  return page(`Profile of ${timing.name}`, notes, [
    budgetSection(timing),
    {
      title: "Time by layer",
      note: timed,
      body: await figure("time by layer", barPlot(timeBars(layers), "ms")),
    },
    {
      title: "Time by kernel",
      note: timed,
      body: await figure("time by kernel", barPlot(timeBars(kernels), "ms")),
    },
    await rooflineSection(kernels, ceilings),
    await memorySection(timing),
    { title: "Dispatches", note: "A click on a head sorts.", body: sortableTable(dispatchColumns, rows) },
  ]);
}
