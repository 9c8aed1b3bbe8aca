import assert from "node:assert/strict";
import { test } from "node:test";
import { traceOf } from "../../src/report/trace.ts";
import { timing } from "../helpers/timing.ts";

interface Event {
  name: string;
  ph: string;
  ts: number;
  pid: number;
  tid?: number;
  dur?: number;
  args: Record<string, unknown>;
}

const { traceEvents, displayTimeUnit }: { traceEvents: Event[]; displayTimeUnit: string } = JSON.parse(
  traceOf(timing),
);
const thread = (name: string) =>
  traceEvents.find((event) => event.name === "thread_name" && String(event.args.name).startsWith(name))?.tid;
const slices = (name: string) =>
  traceEvents
    .filter(({ ph, tid }) => ph === "X" && tid === thread(name))
    .map(({ name, ts, dur }) => [name, ts, dur]);

test("the trace holds every dispatch where and as long as it ran, in microseconds, below its layer", () => {
  assert.deepEqual(slices("adapter"), [
    ["module_a backbone.blocks.1", 0, 3000],
    ["depthwiseConv2d/plain", 0, 2000],
    ["depthwiseConv2d/plain", 2000, 1000],
    ["gradient norm", 3250, 1000],
    ["sumOfSquares/plain", 3250, 1000],
  ]);
});

test("a dispatch that starts before the last one ended is drawn from there on, so that slices nest", () => {
  const [first, second] = timing.dispatches;
  const early = { ...timing, dispatches: [first, { ...second, start: 1.5e6 }] };
  const events: Event[] = JSON.parse(traceOf(early)).traceEvents;
  const drawn = events.filter(({ ph, name }) => ph === "X" && name === "depthwiseConv2d/plain");
  assert.deepEqual(
    drawn.map(({ ts, dur, args }) => [ts, dur, args.nanoseconds]),
    [
      [0, 2000, 2e6],
      [2000, 1000, 1e6],
    ],
  );
});

test("the host's part is beside the adapter's", () => {
  assert.deepEqual(slices("host"), [
    ["encode", 0, 30],
    ["submit", 30, 100],
    ["wait for outputs", 130, 5870],
  ]);
});

test("live memory is a counter", () => {
  const counters = traceEvents.filter(({ ph }) => ph === "C");
  assert.deepEqual(
    counters.map(({ ts, args }) => [ts, args.bytes]),
    [
      [0, 1000],
      [2000, 3000],
      [3250, 4250],
    ],
  );
});

test("every event has what the Trace Event Format asks of its phase", () => {
  assert.equal(displayTimeUnit, "ns");
  for (const event of traceEvents) {
    assert.equal(typeof event.name, "string");
    assert.ok(Number.isInteger(event.pid) && Number.isFinite(event.ts));
    assert.ok(["M", "X", "C"].includes(event.ph), event.ph);
    if (event.ph === "X") assert.ok(Number.isInteger(event.tid) && event.dur! >= 0);
    if (event.ph === "M") assert.equal(typeof event.args.name, "string");
    if (event.ph === "C") for (const value of Object.values(event.args)) assert.equal(typeof value, "number");
  }
});
