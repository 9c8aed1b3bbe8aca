import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchTiming, ProgramTiming } from "../../src/engine/profiler.ts";
import { layerOf, renderProfile, traceOf } from "../../src/report/profile.ts";

const dispatch = (label: string, kernel: string, nanoseconds: number, start: number): DispatchTiming => ({
  label,
  kernel,
  variant: "plain",
  cost: { flops: 4e6, bytesRead: 1e6, bytesWritten: 1e6 },
  nanoseconds,
  start,
});

const timing: ProgramTiming = {
  dispatches: [
    dispatch("module_a backbone.blocks.1.0.conv_dw depthwiseConv2d", "depthwiseConv2d", 2e6, 0),
    dispatch("module_a backbone.blocks.1.1.conv_dw depthwiseConv2d", "depthwiseConv2d", 1e6, 2e6),
    dispatch("gradient norm sumOfSquares", "sumOfSquares", 1e6, 3e6),
  ],
  encodeMilliseconds: 0.03,
  wallMilliseconds: 5,
};

test("a layer is the label's path, cut after three names", () => {
  assert.equal(
    layerOf("∇ module_a backbone.blocks.1.0.conv_dw depthwiseConv2d depthwiseConv2dGradInput"),
    "backbone.blocks.1",
  );
  assert.equal(layerOf("module_a class_net.predict.conv_pw pointwiseConv2d"), "class_net.predict.conv_pw");
  assert.equal(layerOf("gradient norm sumOfSquares"), "gradient norm");
});

test("kernels and layers are summed, slowest first, with their rates", () => {
  const text = renderProfile(timing);
  assert.match(
    text,
    /^3 dispatches take 4\.00 ms one by one; a run takes 5\.00 ms, .* \(10\.0 us a dispatch\)/,
  );
  assert.match(text, /^depthwiseConv2d\/plain +3\.00 +75\.0% +2 +2\.67 +1\.33$/m);
  assert.match(text, /^backbone\.blocks\.1 +3\.00 +75\.0% +2 /m);
  assert.ok(text.indexOf("depthwiseConv2d/plain") < text.indexOf("sumOfSquares/plain"));
});

test("the trace holds every dispatch where and as long as it ran, in microseconds", () => {
  const { traceEvents } = JSON.parse(traceOf(timing));
  assert.equal(traceEvents.length, 3);
  assert.deepEqual(
    traceEvents.map(({ ts, dur, ph }: { ts: number; dur: number; ph: string }) => [ts, dur, ph]),
    [
      [0, 2000, "X"],
      [2000, 1000, "X"],
      [3000, 1000, "X"],
    ],
  );
});
