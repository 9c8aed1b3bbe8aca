import shader from "../shaders/sliceChannels.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** In elements of one sample. */
export type SliceChannelsParameters = { batch: number; total: number; start: number; size: number };

/** The elements start … start + size of every sample of x [batch, total] → [batch, size]. */
export const sliceChannels: Kernel<SliceChannelsParameters> = {
  name: "sliceChannels",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.total] },
    { name: "y", access: "write", shape: [p.batch, p.size] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        TOTAL: p.total,
        START: p.start,
        SIZE: p.size,
        LENGTH: p.batch * p.size,
        WORKGROUP: 64,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.size, 64)),
    },
  ],
  flops: () => 0,
  reference(p, { x, y }) {
    for (let sample = 0; sample < p.batch; sample++) {
      const from = sample * p.total + p.start;
      y.set(x.subarray(from, from + p.size), sample * p.size);
    }
  },
  cases: [
    { batch: 1, total: 1, start: 0, size: 1 },
    { batch: 3, total: 42, start: 13, size: 29 },
  ],
};
