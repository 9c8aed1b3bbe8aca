import shader from "../shaders/concatChannels.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** `a`, `b`: elements of one sample of each. */
export type ConcatChannelsParameters = { batch: number; a: number; b: number };

/** a [batch, a] and b [batch, b] side by side → [batch, a + b]. */
export const concatChannels: Kernel<ConcatChannelsParameters> = {
  name: "concatChannels",
  bindings: (p) => [
    { name: "a", access: "read", shape: [p.batch, p.a] },
    { name: "b", access: "read", shape: [p.batch, p.b] },
    { name: "y", access: "write", shape: [p.batch, p.a + p.b] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ A: p.a, B: p.b, LENGTH: p.batch * (p.a + p.b), WORKGROUP: 64 }),
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * (p.a + p.b), 64)),
    },
  ],
  flops: () => 0,
  reference(p, { a, b, y }) {
    for (let sample = 0; sample < p.batch; sample++) {
      y.set(a.subarray(sample * p.a, (sample + 1) * p.a), sample * (p.a + p.b));
      y.set(b.subarray(sample * p.b, (sample + 1) * p.b), sample * (p.a + p.b) + p.a);
    }
  },
  cases: [
    { batch: 1, a: 1, b: 1 },
    { batch: 3, a: 13, b: 29 },
  ],
};
