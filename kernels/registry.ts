// Every kernel. Tests, benchmarks, the tuner, the profiler and the kernel table iterate over this list.
import { add } from "./add.ts";
import { depthwiseConv2d } from "./depthwiseConv2d.ts";
import { depthwiseConv2dGradInput } from "./depthwiseConv2dGradInput.ts";
import { depthwiseConv2dGradWeight } from "./depthwiseConv2dGradWeight.ts";
import type { Kernel } from "./kernel.ts";

export const registry: readonly Kernel[] = [
  add,
  depthwiseConv2d,
  depthwiseConv2dGradInput,
  depthwiseConv2dGradWeight,
];
