// A timing made by hand: two depthwise convolutions of 2 and 1 ms, a sum of 1 ms, and 0.25 ms idle in between.
import { Tape } from "../../src/autograd/tape.ts";
import { planTape } from "../../src/engine/plan.ts";
import type { DispatchTiming, ProgramTiming } from "../../src/engine/profiler.ts";

/** At these, each dispatch needs 1 ms at least. */
export const ceilings = { flopsPerSecond: 4e9, copyBytesPerSecond: 4e9 };

const dispatch = (label: string, kernel: string, start: number, end: number): DispatchTiming => ({
  label,
  kernel,
  variant: "plain",
  parameters: { batch: 2, wide: true, transposed: false },
  workgroups: [1, 1, 1],
  cost: { flops: 4e6, bytesRead: 1e6, bytesWritten: 1e6 },
  nanoseconds: end - start,
  start,
  end,
  liveBytes: 1000 + start / 1000,
});

export const timing: ProgramTiming = {
  name: "nano, training",
  runs: 3,
  dispatches: [
    dispatch("module_a backbone.blocks.1.0.conv_dw depthwiseConv2d", "depthwiseConv2d", 0, 2e6),
    dispatch("∇ module_a backbone.blocks.1.1.conv_dw depthwiseConv2d", "depthwiseConv2d", 2e6, 3e6),
    dispatch("gradient norm sumOfSquares", "sumOfSquares", 3.25e6, 4.25e6),
  ],
  run: { encode: 0.03, submit: 0.1, wall: 6, pass: 4.5 },
  plan: planTape(new Tape(), []),
};
